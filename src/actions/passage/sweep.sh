# Removes $D, which is in the folder where things are kept for undo, and the folders above that are empty then.
rm -rf -- "$D"
x=${D%/*}
rmdir -- "$x" "${x%/*}" "${x%/*/*}" 2>/dev/null || :

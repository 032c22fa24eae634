# Removes $SWEPT, which is in the folder where things are kept for undo, and the folders above that are empty then.
rm -rf -- "$SWEPT"
x=${SWEPT%/*}
rmdir -- "$x" "${x%/*}" "${x%/*/*}" 2>/dev/null || :

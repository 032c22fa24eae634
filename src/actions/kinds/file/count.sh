# How many entries there are in $r, itself included, of each type, mode, owner and group. Any other line says what could not be looked at.
if [ "$kind" = directory ]; then find "$r" -ignore_readdir_race -printf '%y %m %U %G\n' 2>&1 | sort | uniq -c; fi

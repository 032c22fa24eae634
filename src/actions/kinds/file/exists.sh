if [ -e "$A" ] || [ -L "$A" ]; then printf 1; else printf 0; fi

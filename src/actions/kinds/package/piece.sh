# A piece of the file, at $AT. The same piece twice is the same file.
dd of="$T" seek="$AT" oflag=seek_bytes conv=notrunc,nocreat bs=65536 iflag=fullblock status=none

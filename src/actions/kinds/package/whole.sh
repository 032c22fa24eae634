# All pieces are there.
x=$(sha256sum <"$T")
[ "${x%% *}" = "$W" ] || { rm -f -- "$T"; exit 1; }
sync -- "$T" 2>/dev/null || sync

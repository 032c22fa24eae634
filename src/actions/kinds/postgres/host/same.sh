# The digest of the database's definition, and what it comes to, content and all. Changes nothing.
[ "$RAW" = no ] || unset PGCLIENTENCODING
"$PG_DUMP" -w --schema-only | grep -v -e '^--' -e '^$' -e '^\\restrict' -e '^\\unrestrict' | sha256sum | sed 's/\([0-9a-f]*\).*/["schema", "\1"]/'
printf '%s\n' "$FIGURES" | sql

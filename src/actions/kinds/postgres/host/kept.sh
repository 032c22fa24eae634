# The databases of ours that are not in their place, and their sizes: what stood there before, $OID, and what did not become whole.
printf '%s\n' "SELECT pg_database_size(oid), datname FROM pg_database WHERE datname = :'new' OR datname = :'before' AND oid = :oid" |
  sql -F ' ' -v new="$NEW" -v before="$BEFORE" -v oid="$OID"

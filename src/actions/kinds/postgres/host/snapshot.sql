\o seen.part
SELECT txid_current_snapshot();
\o snapshot.part
SELECT pg_export_snapshot();
\o
\! mv seen.part seen && mv snapshot.part snapshot

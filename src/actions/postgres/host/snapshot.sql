\o snapshot.part
SELECT pg_export_snapshot();
\o
\! mv snapshot.part snapshot

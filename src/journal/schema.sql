-- Version 1. Entries are the JSON text that was hashed, byte for byte.
CREATE TABLE run (
  id     TEXT PRIMARY KEY,
  fence  INTEGER NOT NULL,
  holder TEXT
) STRICT;

CREATE TABLE entry (
  run  TEXT NOT NULL REFERENCES run (id),
  seq  INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE output (
  run     TEXT NOT NULL REFERENCES run (id),
  unit    TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  stderr  INTEGER NOT NULL,
  chunk   INTEGER NOT NULL,
  bytes   BLOB NOT NULL,
  PRIMARY KEY (run, unit, attempt, stderr, chunk)
) STRICT, WITHOUT ROWID;

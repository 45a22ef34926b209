-- The embedded ledger. PostgreSQL has the same tables (postgres_schema.sql). Times are milliseconds since 1970.

-- Where each partition stands, and whose it is.
CREATE TABLE partition_owner (
  topic          TEXT NOT NULL,
  partition      INTEGER NOT NULL,
  stream_id      TEXT NOT NULL,
  owner          TEXT NOT NULL,
  epoch          INTEGER NOT NULL,
  next_offset    INTEGER,
  PRIMARY KEY (topic, partition)
) WITHOUT ROWID;

-- Every committed offset lies in exactly one range.
CREATE TABLE committed_range (
  topic           TEXT NOT NULL,
  partition       INTEGER NOT NULL,
  first_offset    INTEGER NOT NULL,
  next_offset     INTEGER NOT NULL CHECK (next_offset > first_offset),
  label_offsets   TEXT NOT NULL,
  model           TEXT NOT NULL,
  log_mode        TEXT NOT NULL CHECK (log_mode IN ('all', 'flagged', 'none')),
  scored          INTEGER NOT NULL,
  flagged         INTEGER NOT NULL,
  dead_letters    INTEGER NOT NULL,
  committed_at_ms INTEGER NOT NULL,
  PRIMARY KEY (topic, partition, first_offset)
) WITHOUT ROWID;

CREATE TABLE transaction_log (
  topic           TEXT NOT NULL,
  partition       INTEGER NOT NULL,
  "offset"        INTEGER NOT NULL,
  transaction_id  TEXT NOT NULL,
  customer_id     TEXT NOT NULL,
  terminal_id     TEXT NOT NULL,
  amount_minor    INTEGER NOT NULL,
  currency        TEXT,
  timestamp_ms    INTEGER NOT NULL,
  anomaly_score   REAL NOT NULL,
  flagged         INTEGER NOT NULL,
  produced_at_ms  INTEGER NOT NULL,
  committed_at_ms INTEGER NOT NULL,
  PRIMARY KEY (topic, partition, "offset")
) WITHOUT ROWID;

-- Flagged transactions; to the relays this is the outbox.
CREATE TABLE flagged (
  topic           TEXT NOT NULL,
  partition       INTEGER NOT NULL,
  "offset"        INTEGER NOT NULL,
  transaction_id  TEXT NOT NULL,
  customer_id     TEXT NOT NULL,
  terminal_id     TEXT NOT NULL,
  amount_minor    INTEGER NOT NULL,
  currency        TEXT,
  timestamp_ms    INTEGER NOT NULL,
  anomaly_score   REAL NOT NULL,
  verdict         TEXT NOT NULL,
  committed_at_ms INTEGER NOT NULL,
  PRIMARY KEY (topic, partition, "offset")
);

CREATE INDEX flagged_customer ON flagged (customer_id, timestamp_ms);
CREATE INDEX flagged_transaction ON flagged (transaction_id);
CREATE INDEX flagged_time ON flagged (timestamp_ms);

-- Records that are no transactions; to the relay this is the outbox. Key and value are dropped once delivered.
CREATE TABLE dead_letter (
  topic           TEXT NOT NULL,
  partition       INTEGER NOT NULL,
  "offset"        INTEGER NOT NULL,
  reason          TEXT NOT NULL,
  detail          TEXT NOT NULL,
  key             BLOB,
  value           BLOB,
  produced_at_ms  INTEGER NOT NULL,
  committed_at_ms INTEGER NOT NULL,
  PRIMARY KEY (topic, partition, "offset")
);

-- How far each listener has been told.
CREATE TABLE listener_position (
  listener  TEXT NOT NULL,
  topic     TEXT NOT NULL,
  partition INTEGER NOT NULL,
  "offset"  INTEGER NOT NULL,
  PRIMARY KEY (listener, topic, partition)
) WITHOUT ROWID;

-- Objects, recorded before they are written.
CREATE TABLE object_cut (
  key          TEXT PRIMARY KEY,
  topic        TEXT NOT NULL,
  partition    INTEGER NOT NULL,
  first_offset INTEGER NOT NULL,
  last_offset  INTEGER NOT NULL,
  hour_ms      INTEGER NOT NULL,
  format       TEXT NOT NULL,
  rows         INTEGER NOT NULL,
  byte_length  INTEGER NOT NULL,
  sha256       TEXT NOT NULL,
  stored       INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE INDEX object_cut_offset ON object_cut (topic, partition, last_offset, hour_ms);
CREATE INDEX object_cut_pending ON object_cut (topic, partition, first_offset) WHERE stored = 0;

-- The newest feature state of each partition.
CREATE TABLE snapshot (
  topic       TEXT NOT NULL,
  partition   INTEGER NOT NULL,
  next_offset INTEGER NOT NULL,
  bytes       BLOB NOT NULL,
  PRIMARY KEY (topic, partition)
);

-- The PostgreSQL ledger: the tables of the embedded one (sqlite_schema.sql). Times are milliseconds since 1970. What
-- differs: the log is partitioned by the day of its commit, and a snapshot lies in parts.

-- Where each partition stands, and whose it is.
CREATE TABLE partition_owner (
  topic          TEXT NOT NULL,
  partition      INTEGER NOT NULL,
  stream_id      TEXT NOT NULL,
  owner          TEXT NOT NULL,
  epoch          BIGINT NOT NULL,
  next_offset    BIGINT,
  PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);

-- Every committed offset lies in exactly one range. A range never spans two days of commits, so that a day of the log
-- that is dropped is whole ranges, whose log_mode becomes 'none'.
CREATE TABLE committed_range (
  topic           TEXT NOT NULL,
  partition       INTEGER NOT NULL,
  first_offset    BIGINT NOT NULL,
  next_offset     BIGINT NOT NULL CHECK (next_offset > first_offset),
  label_offsets   TEXT NOT NULL,
  model           TEXT NOT NULL,
  log_mode        TEXT NOT NULL CHECK (log_mode IN ('all', 'flagged', 'none')),
  scored          BIGINT NOT NULL,
  flagged         BIGINT NOT NULL,
  dead_letters    BIGINT NOT NULL,
  committed_at_ms BIGINT NOT NULL,
  PRIMARY KEY (topic, partition, first_offset)
) WITH (fillfactor = 50);

CREATE INDEX committed_range_time ON committed_range (committed_at_ms);

-- No unique index: the guard on partition_owner.next_offset lets an offset in once. A unique index could not span the
-- days anyway, and would make the new owner of a partition wait for an old one that froze while it wrote.
CREATE TABLE transaction_log (
  topic           TEXT NOT NULL,
  partition       INTEGER NOT NULL,
  "offset"        BIGINT NOT NULL,
  transaction_id  TEXT NOT NULL,
  customer_id     TEXT NOT NULL,
  terminal_id     TEXT NOT NULL,
  amount_minor    BIGINT NOT NULL,
  currency        TEXT,
  timestamp_ms    BIGINT NOT NULL,
  anomaly_score   DOUBLE PRECISION NOT NULL,
  flagged         BOOLEAN NOT NULL,
  produced_at_ms  BIGINT NOT NULL,
  committed_at_ms BIGINT NOT NULL
) PARTITION BY RANGE (committed_at_ms);

CREATE INDEX transaction_log_offset ON transaction_log (topic, partition, "offset");
-- A customer's last transactions.
CREATE INDEX transaction_log_customer ON transaction_log (customer_id, timestamp_ms);

-- Flagged transactions; to the relays this is the outbox.
CREATE TABLE flagged (
  topic           TEXT NOT NULL,
  partition       INTEGER NOT NULL,
  "offset"        BIGINT NOT NULL,
  transaction_id  TEXT NOT NULL,
  customer_id     TEXT NOT NULL,
  terminal_id     TEXT NOT NULL,
  amount_minor    BIGINT NOT NULL,
  currency        TEXT,
  timestamp_ms    BIGINT NOT NULL,
  anomaly_score   DOUBLE PRECISION NOT NULL,
  verdict         TEXT NOT NULL,
  committed_at_ms BIGINT NOT NULL,
  PRIMARY KEY (topic, partition, "offset")
);

CREATE INDEX flagged_customer ON flagged (customer_id, timestamp_ms);
CREATE INDEX flagged_transaction ON flagged (transaction_id);
-- Flagged by day.
CREATE INDEX flagged_time ON flagged (timestamp_ms);

-- Records that are no transactions; to the relay this is the outbox. Key and value are dropped once delivered.
CREATE TABLE dead_letter (
  topic           TEXT NOT NULL,
  partition       INTEGER NOT NULL,
  "offset"        BIGINT NOT NULL,
  reason          TEXT NOT NULL,
  detail          TEXT NOT NULL,
  key             BYTEA,
  value           BYTEA,
  produced_at_ms  BIGINT NOT NULL,
  committed_at_ms BIGINT NOT NULL,
  PRIMARY KEY (topic, partition, "offset")
);

-- How far each listener has been told.
CREATE TABLE listener_position (
  listener  TEXT NOT NULL,
  topic     TEXT NOT NULL,
  partition INTEGER NOT NULL,
  "offset"  BIGINT NOT NULL,
  PRIMARY KEY (listener, topic, partition)
) WITH (fillfactor = 50);

-- Objects, recorded before they are written.
CREATE TABLE object_cut (
  key          TEXT COLLATE "C" PRIMARY KEY,
  topic        TEXT NOT NULL,
  partition    INTEGER NOT NULL,
  first_offset BIGINT NOT NULL,
  last_offset  BIGINT NOT NULL,
  hour_ms      BIGINT NOT NULL,
  format       TEXT NOT NULL,
  rows         BIGINT NOT NULL,
  byte_length  BIGINT NOT NULL,
  sha256       TEXT NOT NULL,
  stored       BOOLEAN NOT NULL DEFAULT FALSE
);

CREATE INDEX object_cut_offset ON object_cut (topic, partition, last_offset, hour_ms);
CREATE INDEX object_cut_pending ON object_cut (topic, partition, first_offset) WHERE NOT stored;

-- The newest feature state of each partition, in parts, since a value has at most 1 GB.
CREATE TABLE snapshot (
  topic       TEXT NOT NULL,
  partition   INTEGER NOT NULL,
  part        INTEGER NOT NULL,
  next_offset BIGINT NOT NULL,
  bytes       BYTEA NOT NULL,
  PRIMARY KEY (topic, partition, part)
);

-- Feature state is numbers that hardly compress.
ALTER TABLE snapshot ALTER COLUMN bytes SET STORAGE EXTERNAL;

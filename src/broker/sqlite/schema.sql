-- The embedded stream: one row per record batch.
CREATE TABLE stream (id TEXT NOT NULL);

CREATE TABLE topic (
  id         INTEGER PRIMARY KEY,
  name       TEXT NOT NULL UNIQUE,
  partitions INTEGER NOT NULL CHECK (partitions > 0)
);

CREATE TABLE partition (
  topic_id    INTEGER NOT NULL REFERENCES topic (id),
  partition   INTEGER NOT NULL,
  next_offset INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (topic_id, partition)
) WITHOUT ROWID;

CREATE TABLE record_batch (
  topic_id    INTEGER NOT NULL,
  partition   INTEGER NOT NULL,
  base_offset INTEGER NOT NULL,
  count       INTEGER NOT NULL,
  body        BLOB NOT NULL
);

CREATE UNIQUE INDEX record_batch_offset ON record_batch (topic_id, partition, base_offset);

-- Members of consumer groups; a member is alive while it says so.
CREATE TABLE member (
  group_name TEXT NOT NULL,
  topic_id   INTEGER NOT NULL,
  id         TEXT NOT NULL,
  seen_at_ms INTEGER NOT NULL,
  timeout_ms INTEGER NOT NULL,
  PRIMARY KEY (group_name, topic_id, id)
) WITHOUT ROWID;

-- How far a group says it is, for people and tools; nothing depends on it.
CREATE TABLE group_offset (
  group_name  TEXT NOT NULL,
  topic_id    INTEGER NOT NULL,
  partition   INTEGER NOT NULL,
  next_offset INTEGER NOT NULL,
  PRIMARY KEY (group_name, topic_id, partition)
) WITHOUT ROWID;

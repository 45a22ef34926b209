-- Version 4: which topics the ledger follows, and what the stream deleted before it was read.
CREATE TABLE followed_topic (
  topic    TEXT NOT NULL,
  role     TEXT NOT NULL CHECK (role IN ('transactions', 'labels')),
  name     TEXT NOT NULL,
  topic_id TEXT NOT NULL,
  PRIMARY KEY (topic, role)
);

CREATE TABLE lost_range (
  topic          TEXT NOT NULL,
  partition      INTEGER NOT NULL,
  first_offset   INTEGER NOT NULL,
  next_offset    INTEGER NOT NULL CHECK (next_offset > first_offset),
  found_at_ms    INTEGER NOT NULL,
  accepted_by    TEXT,
  accepted_at_ms INTEGER,
  PRIMARY KEY (topic, partition, first_offset)
);

-- Version 2: transactions are found by their id, and analysts label them.

-- Which transaction ids a stretch of the log may hold (sqlite_log_filter.ts).
CREATE TABLE log_filter (
  topic        TEXT NOT NULL,
  partition    INTEGER NOT NULL,
  first_offset INTEGER NOT NULL,
  next_offset  INTEGER NOT NULL,
  rows         INTEGER NOT NULL,
  bits         BLOB NOT NULL,
  PRIMARY KEY (topic, partition, first_offset)
);

-- What analysts said; of one transaction the newest row holds. To the label topic (topic) this is the outbox.
CREATE TABLE given_label (
  label_id       INTEGER PRIMARY KEY AUTOINCREMENT,
  topic          TEXT NOT NULL,
  transaction_id TEXT NOT NULL,
  customer_id    TEXT NOT NULL,
  terminal_id    TEXT NOT NULL,
  timestamp_ms   INTEGER NOT NULL,
  z              REAL,
  is_fraud       INTEGER NOT NULL,
  labelled_at_ms INTEGER NOT NULL,
  labelled_by    TEXT,
  produced       INTEGER NOT NULL DEFAULT 0
);

CREATE INDEX given_label_transaction ON given_label (transaction_id, label_id);
CREATE INDEX given_label_pending ON given_label (topic, label_id) WHERE produced = 0;

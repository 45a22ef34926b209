-- Version 2: transactions are found by their id, and analysts label them.

-- A hash index takes a third of a B-tree's room, and ids come in no order anyway.
CREATE INDEX transaction_log_transaction ON transaction_log USING hash (transaction_id);

-- What analysts said; of one transaction the newest row holds. To the label topic (topic) this is the outbox.
CREATE TABLE given_label (
  label_id       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic          TEXT NOT NULL,
  transaction_id TEXT NOT NULL,
  customer_id    TEXT NOT NULL,
  terminal_id    TEXT NOT NULL,
  timestamp_ms   BIGINT NOT NULL,
  z              DOUBLE PRECISION,
  is_fraud       BOOLEAN NOT NULL,
  labelled_at_ms BIGINT NOT NULL,
  labelled_by    TEXT,
  produced       BOOLEAN NOT NULL DEFAULT FALSE
);

CREATE INDEX given_label_transaction ON given_label (transaction_id, label_id);
CREATE INDEX given_label_pending ON given_label (topic, label_id) WHERE NOT produced;

-- Labels in the order in which they hold. SQLite and PostgreSQL take this alike.

-- Decides which label of a transaction holds, where that is another time than labelled_at_ms: an answer holds over what the
-- stream had said before, also where that is dated later, as in a replay.
ALTER TABLE given_label ADD COLUMN rank_ms BIGINT;

-- Version 6: labels tell their author: where they came from, and when by the clock. SQLite and PostgreSQL take this alike.

-- The clock's time when the answer was given, or when the label of the stream was read; NULL before this version.
ALTER TABLE given_label ADD COLUMN decided_at_ms BIGINT;
-- stream, api or command; NULL before this version.
ALTER TABLE given_label ADD COLUMN source TEXT;
-- Whom the caller named as the author, where that is another one than labelled_by.
ALTER TABLE given_label ADD COLUMN claimed_by TEXT;
-- It says what the label before it said: history, which nobody else is told of.
ALTER TABLE given_label ADD COLUMN repeats BOOLEAN NOT NULL DEFAULT FALSE;

-- Version 8: records that the definition of a stream passes over are counted apart.
ALTER TABLE committed_range ADD COLUMN passed INTEGER NOT NULL DEFAULT 0;

-- Version 7: records that the definition of a stream passes over are counted apart.
ALTER TABLE committed_range ADD COLUMN passed BIGINT NOT NULL DEFAULT 0;

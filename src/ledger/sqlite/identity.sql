-- Version 5: what tells this ledger from every other, also beside the objects that it writes. An older ledger has it from
-- its first flagged transaction, so that all copies of it get the same.
CREATE TABLE ledger_identity (id TEXT NOT NULL);
INSERT INTO ledger_identity
SELECT coalesce('flagged since ' || min(committed_at_ms), lower(hex(randomblob(16)))) FROM flagged;

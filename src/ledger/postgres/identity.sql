-- Version 5: what tells this ledger from every other, also beside the objects that it writes.
CREATE TABLE ledger_identity (id TEXT NOT NULL);
INSERT INTO ledger_identity VALUES (gen_random_uuid()::text);

-- Record times that a producer wrote in a wrong unit, and that an earlier version kept as they were: they cannot be read.
UPDATE transaction_log SET produced_at_ms = CASE WHEN produced_at_ms > 0 THEN 8640000000000000 ELSE -8640000000000000 END
WHERE produced_at_ms NOT BETWEEN -8640000000000000 AND 8640000000000000;
UPDATE dead_letter SET produced_at_ms = CASE WHEN produced_at_ms > 0 THEN 8640000000000000 ELSE -8640000000000000 END
WHERE produced_at_ms NOT BETWEEN -8640000000000000 AND 8640000000000000;

/**
 * The one write transaction of the embedded ledger.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { inTransaction } from "../../runtime/sqlite.ts";
import type { Outcome } from "../ledger.ts";
import { checkCommitted, OWNER } from "../sql/ledger.ts";
import { storableTime } from "../sql/rows.ts";
import { sqliteLog } from "./log.ts";
import { sqliteLogFilter } from "./log_filter.ts";

/** Moves the next offset of a partition, where epoch and offset are the expected ones. */
export const MOVE_OFFSET = `UPDATE partition_owner SET next_offset = ?1
  WHERE topic = ?2 AND partition = ?3 AND epoch = ?4 AND coalesce(next_offset, ?5) = ?5`;

/**
 * Prepares the statements and returns the function that commits an outcome.
 *
 * In one transaction: 1. move the next offset, where epoch and offset are the expected ones; 2. log rows and their filter; 3. flagged
 * transactions; 4. dead letters; 5. the range; 6. the snapshot, if there is one.
 *
 * @returns A function that throws `FencedError` where the epoch or the next offset moved on, and `DeliveryError` where
 * the disk is full or locked; then nothing was written.
 */
export function sqliteWriter(database: DatabaseSync): (outcome: Outcome) => void {
  const move = database.prepare(MOVE_OFFSET);
  const current = database.prepare(OWNER);
  const log = sqliteLog(database);
  const filter = sqliteLogFilter(database);
  const flag = database.prepare("INSERT INTO flagged VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const bury = database.prepare("INSERT INTO dead_letter VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const addRange = rangeWriter(database);
  const keep = database.prepare(KEEP_SNAPSHOT);

  return (outcome) => {
    const { topic, partition, epoch, firstOffset, nextOffset, committedAtMs } = outcome;
    inTransaction(database, () => {
      if (move.run(nextOffset, topic, partition, epoch, firstOffset).changes === 0) {
        return checkCommitted(outcome, current.get(topic, partition));
      }
      if (outcome.log.count > 0) {
        log(outcome);
        filter(outcome);
      }
      for (const each of outcome.flagged) {
        flag.run(
          topic,
          partition,
          each.offset,
          each.transactionId,
          each.customerId,
          each.terminalId,
          each.amountMinor,
          each.currency,
          each.timestampMs,
          each.anomalyScore,
          each.verdict,
          committedAtMs,
        );
      }
      for (const { offset, reason, detail, key, value, producedAtMs } of outcome.deadLetters) {
        const timeMs = storableTime(producedAtMs);
        bury.run(topic, partition, offset, reason, detail, key, value, timeMs, committedAtMs);
      }
      addRange(outcome);
      if (outcome.snapshot !== undefined) keep.run(topic, partition, nextOffset, outcome.snapshot);
    });
  };
}

/** Of topic and partition: next offset and bytes. */
export const KEEP_SNAPSHOT = `INSERT INTO snapshot VALUES (?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset, bytes = excluded.bytes`;

function rangeWriter(database: DatabaseSync): (outcome: Outcome) => void {
  // A range that goes on under the same model, log mode and labels is made longer, so that the table stays small.
  const extend = database.prepare(
    `UPDATE committed_range SET next_offset = ?1, scored = scored + ?2, flagged = flagged + ?3,
       dead_letters = dead_letters + ?4, passed = passed + ?5, committed_at_ms = ?6
     WHERE topic = ?7 AND partition = ?8 AND next_offset = ?9 AND label_offsets = ?10 AND model = ?11 AND log_mode = ?12
       AND first_offset = (SELECT max(first_offset) FROM committed_range WHERE topic = ?7 AND partition = ?8)`,
  );
  const begin = database.prepare("INSERT INTO committed_range VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  return (outcome) => {
    const { topic, partition, firstOffset, nextOffset, committedAtMs, model, logMode, passed } = outcome;
    const labels = JSON.stringify(outcome.labelOffsets);
    const counts = [outcome.scored, outcome.flagged.length, outcome.deadLetters.length] as const;
    const last = [topic, partition, firstOffset, labels, model, logMode] as const;
    if (extend.run(nextOffset, ...counts, passed, committedAtMs, ...last).changes > 0) return;
    begin.run(
      topic,
      partition,
      firstOffset,
      nextOffset,
      labels,
      model,
      logMode,
      ...counts,
      committedAtMs,
      passed,
    );
  };
}

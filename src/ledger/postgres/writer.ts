/**
 * The one write transaction of the PostgreSQL ledger.
 *
 * @module
 */
import type { Outcome } from "../ledger.ts";
import { checkCommitted, OWNER } from "../sql/ledger.ts";
import { storableTime } from "../sql/rows.ts";
import { bigintArray, doubleArray, textArray, withoutNul } from "./binary.ts";
import { type Connection, copyFromStdin } from "./driver.ts";
import { encodeLogRows, LOG_COLUMNS, logColumns } from "./rows.ts";
import { inTransaction, numbered } from "./session.ts";

/** Log rows that go along in the one statement: with a COPY, a commit takes four round trips more. */
const FEW_LOG_ROWS = 256;

/** Size of a snapshot's parts. */
const PART_BYTES = 1 << 20;

// One statement, so that a batch with few log rows or none is one round trip. All that follows `moved` writes only where epoch
// and next offset were the expected ones. A range that goes on under the same model, log mode, labels and day is made
// longer, so that the table stays small.
const commitStatement = (logged: string) => `
WITH moved AS (
  UPDATE partition_owner SET next_offset = $5
  WHERE topic = $1 AND partition = $2 AND epoch = $3 AND coalesce(next_offset, $4) = $4
  RETURNING 1
), extended AS (
  UPDATE committed_range SET next_offset = $5, scored = scored + $9, flagged = flagged + cardinality($11::bigint[]),
    dead_letters = dead_letters + cardinality($20::bigint[]), passed = passed + $26, committed_at_ms = $10::bigint
  WHERE EXISTS (SELECT FROM moved) AND topic = $1 AND partition = $2 AND next_offset = $4 AND label_offsets = $6
    AND model = $7 AND log_mode = $8 AND committed_at_ms / 86400000 = $10::bigint / 86400000
    AND first_offset = (SELECT max(first_offset) FROM committed_range WHERE topic = $1 AND partition = $2)
  RETURNING 1
), begun AS (
  INSERT INTO committed_range
  SELECT $1, $2, $4, $5, $6, $7, $8, $9, cardinality($11::bigint[]), cardinality($20::bigint[]), $10::bigint, $26
  WHERE EXISTS (SELECT FROM moved) AND NOT EXISTS (SELECT FROM extended)
), marked AS (
  INSERT INTO flagged
  SELECT $1, $2, each.*, $10::bigint
  FROM unnest($11::bigint[], $12::text[], $13::text[], $14::text[], $15::bigint[], $16::text[], $17::bigint[],
    $18::double precision[], $19::text[]) AS each
  WHERE EXISTS (SELECT FROM moved)
), buried AS (
  INSERT INTO dead_letter
  SELECT $1, $2, each.*, $10::bigint
  FROM unnest($20::bigint[], $21::text[], $22::text[], $23::bytea[], $24::bytea[], $25::bigint[]) AS each
  WHERE EXISTS (SELECT FROM moved)
)${logged}
SELECT count(*)::int AS moved FROM moved`;
const COMMIT_OUTCOME = commitStatement("");
const commitWithLog = (logTable: string) =>
  commitStatement(`, logged AS (
  INSERT INTO ${logTable} (${LOG_COLUMNS})
  SELECT $1, $2, each.*, $10::bigint
  FROM unnest($27::bigint[], $28::text[], $29::text[], $30::text[], $31::bigint[], $32::text[], $33::bigint[],
    $34::double precision[], $35::boolean[], $36::bigint[]) AS each
  WHERE EXISTS (SELECT FROM moved)
)`);

/**
 * Commits an outcome where epoch and next offset are the expected ones: in one statement, or, where there are many log
 * rows or a snapshot, in a transaction with the log rows by COPY.
 *
 * Log rows that are copied come first: a consumer that freezes while it sends them holds no lock that the partition's
 * next owner waits for. They vanish with the transaction where the guard then refuses it. An outcome that is committed already (its
 * answer was lost) is left as it is.
 *
 * @param logTable Table of the day of `outcome.committedAtMs`; not needed without log rows.
 * @throws FencedError where the epoch or the next offset moved on; then nothing was written.
 */
export async function commitOutcome(
  client: Connection,
  outcome: Outcome,
  logTable: string | undefined,
): Promise<void> {
  const { log, snapshot } = outcome;
  const few = log.count > 0 && log.count <= FEW_LOG_ROWS ? logTable : undefined;
  if (snapshot === undefined && (log.count === 0 || few !== undefined)) {
    if (!await write(client, outcome, few)) await checkWritten(client, outcome);
    return;
  }
  // Encoded before the transaction begins, so that this is short.
  const rows = log.count === 0 || few !== undefined ? undefined : encodeLogRows(outcome);
  const moved = await inTransaction(client, async () => {
    if (rows !== undefined) {
      await copy(client, `COPY ${logTable} (${LOG_COLUMNS}) FROM STDIN BINARY`, rows);
    }
    if (!await write(client, outcome, few)) return false;
    if (snapshot !== undefined) await keepSnapshot(client, outcome, snapshot);
    return true;
  }, (moved) => moved);
  if (!moved) await checkWritten(client, outcome);
}

/**
 * Whether epoch and next offset were the expected ones.
 *
 * @param logTable Table that takes the log rows too, or undefined where they are written otherwise.
 */
async function write(
  client: Connection,
  outcome: Outcome,
  logTable: string | undefined,
): Promise<boolean> {
  const { flagged, deadLetters } = outcome;
  const { rows: [{ moved }] } = await client.query({
    // Prepared once a connection, and once a day where it names the day's table.
    name: logTable === undefined ? "commit_outcome" : `commit_outcome_in_${logTable}`,
    text: logTable === undefined ? COMMIT_OUTCOME : commitWithLog(logTable),
    values: [
      outcome.topic,
      outcome.partition,
      outcome.epoch,
      outcome.firstOffset,
      outcome.nextOffset,
      JSON.stringify(outcome.labelOffsets),
      outcome.model,
      outcome.logMode,
      outcome.scored,
      outcome.committedAtMs,
      bigintArray(flagged.map(({ offset }) => offset)),
      textArray(flagged.map(({ transactionId }) => withoutNul(transactionId))),
      textArray(flagged.map(({ customerId }) => withoutNul(customerId))),
      textArray(flagged.map(({ terminalId }) => withoutNul(terminalId))),
      bigintArray(flagged.map(({ amountMinor }) => amountMinor)),
      textArray(flagged.map(({ currency }) => currency)),
      bigintArray(flagged.map(({ timestampMs }) => timestampMs)),
      doubleArray(flagged.map(({ anomalyScore }) => anomalyScore)),
      textArray(flagged.map(({ verdict }) => withoutNul(verdict))),
      bigintArray(deadLetters.map(({ offset }) => offset)),
      textArray(deadLetters.map(({ reason }) => reason)),
      textArray(deadLetters.map(({ detail }) => withoutNul(detail))),
      deadLetters.map(({ key }) => key),
      deadLetters.map(({ value }) => value),
      bigintArray(deadLetters.map(({ producedAtMs }) => storableTime(producedAtMs))),
      outcome.passed,
      ...(logTable === undefined ? [] : logColumns(outcome.log)),
    ],
  });
  return moved === 1;
}

async function checkWritten(client: Connection, outcome: Outcome): Promise<void> {
  const { rows: [owner] } = await client.query(numbered(OWNER), [outcome.topic, outcome.partition]);
  checkCommitted(outcome, owner);
}

function copy(client: Connection, statement: string, rows: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = client.query(copyFromStdin(statement));
    stream.on("error", reject);
    stream.on("finish", resolve);
    stream.end(rows);
  });
}

/** Replaces the snapshot, in a transaction of the caller's. */
export async function keepSnapshot(
  client: Connection,
  { topic, partition, nextOffset }: Pick<Outcome, "topic" | "partition" | "nextOffset">,
  bytes: Uint8Array,
): Promise<void> {
  await client.query("DELETE FROM snapshot WHERE topic = $1 AND partition = $2", [topic, partition]);
  for (let at = 0, part = 0; at < bytes.length || part === 0; at += PART_BYTES, part++) {
    await client.query("INSERT INTO snapshot VALUES ($1, $2, $3, $4, $5)", [
      topic,
      partition,
      part,
      nextOffset,
      bytes.subarray(at, at + PART_BYTES),
    ]);
  }
}

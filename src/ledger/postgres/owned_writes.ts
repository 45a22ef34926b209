/**
 * Writes that only the owner of a partition may do, apart from commits.
 *
 * @module
 */
import type { Place } from "../../domain/place.ts";
import type { AlertStateKey } from "../alert_states.ts";
import type { ObjectCut } from "../ledger.ts";
import type { Loss } from "../losses.ts";
import { checkCommitted, fenced, INSERT_LOSS, LOST_UNTIL, OWNER } from "../sql/ledger.ts";
import { cutOf } from "../sql/rows.ts";
import { withoutNul } from "./binary.ts";
import type { Connection } from "./driver.ts";
import { sqlStateOf, UNIQUE_VIOLATION } from "./error.ts";
import { numbered } from "./session.ts";

// The owner's row is locked, so that no other owner takes over between the look at the epoch and the writing.
const OWNER_LOCKED = `WITH owner AS (
  SELECT epoch FROM partition_owner WHERE topic = $1 AND partition = $2 AND epoch = $3 FOR SHARE
)`;

// A cut ends before the next offset, or the ledger went back since its rows were read.
const RECORD_CUTS = `${
  OWNER_LOCKED.replace("FOR SHARE", "AND next_offset > ALL ($6::bigint[]) FOR SHARE")
}, recorded AS (
  INSERT INTO object_cut
  SELECT each.key, $1, $2, each.first_offset, each.last_offset, each.hour_ms, each.format, each.rows,
    each.byte_length, each.sha256, FALSE
  FROM unnest($4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[], $9::bigint[], $10::bigint[],
    $11::text[]) AS each (key, first_offset, last_offset, hour_ms, format, rows, byte_length, sha256)
  WHERE EXISTS (SELECT FROM owner)
)
SELECT count(*)::int AS owned FROM owner`;

const RECORD_ALERTS = `${OWNER_LOCKED}, stated AS (
  INSERT INTO alert_state SELECT $4, $1, $2, $5 WHERE EXISTS (SELECT FROM owner)
  ON CONFLICT (listener, topic, partition) DO UPDATE SET state = excluded.state
), moved AS (
  INSERT INTO listener_position AS old SELECT $4, $1, $2, $6 WHERE EXISTS (SELECT FROM owner)
  ON CONFLICT (listener, topic, partition) DO UPDATE SET "offset" = excluded."offset"
  WHERE old."offset" < excluded."offset"
)
SELECT count(*)::int AS owned FROM owner`;

/**
 * Records cuts, all or none, where the epoch is still the partition's.
 *
 * @param isRepeated Whether an earlier attempt may have recorded them and lost the answer.
 * @throws FencedError where the epoch moved on; an error of the driver where a key is taken by another cut.
 */
export async function recordCuts(
  client: Connection,
  owned: Place,
  cuts: readonly ObjectCut[],
  isRepeated: boolean,
): Promise<void> {
  const columns = COLUMNS.map((column) => cuts.map((cut) => cut[column]));
  try {
    await writeOwned(client, "record cuts", owned, RECORD_CUTS, columns);
  } catch (error) {
    if (isRepeated && sqlStateOf(error) === UNIQUE_VIOLATION && await areRecorded(client, cuts)) return;
    throw error;
  }
}

/** Records a listener's state and position; throws FencedError where the epoch moved on. */
export async function recordAlerts(
  client: Connection,
  { listener, ...owned }: AlertStateKey & Place,
  { state, offset }: { state: string; offset: number },
): Promise<void> {
  await writeOwned(client, "record alerts", owned, RECORD_ALERTS, [listener, withoutNul(state), offset]);
}

/**
 * Moves the next offset behind a loss and records it, in a transaction of the caller's.
 *
 * @throws FencedError where the epoch or the next offset moved on.
 */
export async function skipLoss(client: Connection, loss: Loss, epoch: number): Promise<void> {
  const { topic, partition, firstOffset, nextOffset, foundAtMs } = loss;
  const { rowCount } = await client.query(
    `UPDATE partition_owner SET next_offset = $1
     WHERE topic = $2 AND partition = $3 AND epoch = $4 AND coalesce(next_offset, $5) = $5`,
    [nextOffset, topic, partition, epoch, firstOffset],
  );
  if (rowCount === 0) {
    const { rows: [owner] } = await client.query(numbered(OWNER), [topic, partition]);
    return checkCommitted({ ...loss, epoch }, owner);
  }
  const { rows: [{ lost_until: known }] } = await client.query(
    numbered(LOST_UNTIL),
    [topic, partition, firstOffset, firstOffset],
  );
  const from = Number(known ?? firstOffset);
  if (from < nextOffset) {
    await client.query(numbered(INSERT_LOSS), [topic, partition, from, nextOffset, foundAtMs]);
  }
}

/** Keeps others from taking the partition until the transaction ends; throws FencedError where the epoch moved on. */
export async function lockOwner(client: Connection, place: Place, nextOffset: number): Promise<void> {
  const owner = OWNER_LOCKED.replace("FOR SHARE", "AND next_offset >= $4 FOR SHARE");
  await writeOwned(client, "keep a snapshot", place, `${owner} SELECT count(*)::int AS owned FROM owner`, [
    nextOffset,
  ]);
}

async function writeOwned(
  client: Connection,
  action: string,
  { topic, partition, epoch }: Place,
  text: string,
  values: readonly unknown[],
): Promise<void> {
  const { rows: [{ owned }] } = await client.query(text, [topic, partition, epoch, ...values]);
  if (owned === 1) return;
  const { rows: [owner] } = await client.query(numbered(OWNER), [topic, partition]);
  throw fenced(`${action} of ${topic}/${partition}`, epoch, owner);
}

/** Fields of a cut in the order of the statement's parameters. */
const COLUMNS = [
  "key",
  "firstOffset",
  "lastOffset",
  "hourMs",
  "format",
  "rows",
  "byteLength",
  "sha256",
] as const;

async function areRecorded(client: Connection, cuts: readonly ObjectCut[]): Promise<boolean> {
  const { rows } = await client.query("SELECT * FROM object_cut WHERE key = ANY ($1)", [
    cuts.map(({ key }) => key),
  ]);
  const recorded = new Map(rows.map((row) => [row.key, cutOf(row)]));
  return cuts.every((cut) => {
    const found = recorded.get(cut.key);
    return found !== undefined &&
      (["topic", "partition", ...COLUMNS] as const).every((field) => found[field] === cut[field]);
  });
}

import type { Connection } from "./driver.ts";
import { FencedError, type ObjectCut } from "../ledger.ts";
import { sqlStateOf, UNIQUE_VIOLATION } from "./error.ts";
import { cutOf } from "../sql/rows.ts";

/** Cuts to record, and under which epoch. */
export interface CutsToRecord {
  topic: string;
  /** Partition of the cuts, from 0. */
  partition: number;
  /** The epoch of the claim under which they were made. */
  epoch: number;
  /** The cuts, in offset order. */
  cuts: readonly ObjectCut[];
  /** Whether an earlier attempt may have recorded them, its answer being lost. */
  repeated: boolean;
}

// The owner's row is locked, so that no other owner takes over between the look at the epoch and the insertion.
const RECORD = `
WITH owner AS (
  SELECT epoch FROM partition_owner WHERE topic = $1 AND partition = $2 AND epoch = $3 FOR SHARE
), recorded AS (
  INSERT INTO object_cut
  SELECT each.key, $1, $2, each.first_offset, each.last_offset, each.hour_ms, each.format, each.rows,
    each.byte_length, each.sha256, FALSE
  FROM unnest($4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[], $9::bigint[], $10::bigint[],
    $11::text[]) AS each (key, first_offset, last_offset, hour_ms, format, rows, byte_length, sha256)
  WHERE EXISTS (SELECT FROM owner)
)
SELECT count(*)::int AS owned FROM owner`;

/**
 * Records cuts, all or none, where the epoch is still the partition's.
 *
 * @throws FencedError where the epoch moved on; an error of the driver where a key is taken by another cut.
 */
export async function recordCuts(client: Connection, recording: CutsToRecord): Promise<void> {
  const { topic, partition, epoch, cuts, repeated } = recording;
  try {
    const { rows: [{ owned }] } = await client.query(RECORD, [
      topic,
      partition,
      epoch,
      cuts.map(({ key }) => key),
      cuts.map(({ firstOffset }) => firstOffset),
      cuts.map(({ lastOffset }) => lastOffset),
      cuts.map(({ hourMs }) => hourMs),
      cuts.map(({ format }) => format),
      cuts.map(({ rows }) => rows),
      cuts.map(({ byteLength }) => byteLength),
      cuts.map(({ sha256 }) => sha256),
    ]);
    if (owned === 1) return;
  } catch (error) {
    if (repeated && sqlStateOf(error) === UNIQUE_VIOLATION && await areRecorded(client, cuts)) return;
    throw error;
  }
  const { rows: [row] } = await client.query(
    "SELECT epoch FROM partition_owner WHERE topic = $1 AND partition = $2",
    [topic, partition],
  );
  throw new FencedError(
    `Cannot record cuts of ${topic}/${partition} under epoch ${epoch}: current epoch is ${row?.epoch}`,
  );
}

async function areRecorded(client: Connection, cuts: readonly ObjectCut[]): Promise<boolean> {
  const { rows } = await client.query("SELECT * FROM object_cut WHERE key = ANY ($1)", [
    cuts.map(({ key }) => key),
  ]);
  const recorded = new Map(rows.map((row) => [row.key, cutOf(row)]));
  return cuts.every((cut) => {
    const found = recorded.get(cut.key);
    return found !== undefined && FIELDS.every((field) => found[field] === cut[field]);
  });
}

const FIELDS = [
  "topic",
  "partition",
  "firstOffset",
  "lastOffset",
  "hourMs",
  "format",
  "rows",
  "byteLength",
  "sha256",
] as const;

/**
 * What takes more than one statement to read from the PostgreSQL ledger.
 *
 * @module
 */
import type { Connection } from "./driver.ts";
import type { Claim, LedgerSummary } from "../ledger.ts";
import { inTransaction } from "./session.ts";
import { rangeOf } from "../sql/rows.ts";

/** Time limit of a summary, which reads all of the log. */
const SUMMARY_TIMEOUT_MS = 600_000;

/** Who claims, of which stream, and what the ledger is called in an error. */
export interface Claimant {
  /** Name of the consumer that claims. */
  owner: string;
  /** What tells its stream from every other. */
  streamId: string;
  /** The ledger as a person would name it, without secrets. */
  ledger: string;
}

/**
 * Makes the claimant the owner of a partition, under the next epoch, and reads what it takes over.
 *
 * @throws Error where the ledger follows the same topic of another stream.
 */
export async function readClaim(
  client: Connection,
  topic: string,
  partition: number,
  { owner, streamId, ledger }: Claimant,
): Promise<Claim> {
  // From this statement on no older owner commits, and this one does not yet: what is read next stands still.
  const { rows: [row] } = await client.query(
    `INSERT INTO partition_owner AS old VALUES ($1, $2, $3, $4, 1, NULL)
     ON CONFLICT (topic, partition) DO UPDATE SET owner = excluded.owner, epoch = old.epoch + 1
     WHERE old.stream_id = excluded.stream_id
     RETURNING epoch, next_offset`,
    [topic, partition, streamId, owner],
  );
  if (row === undefined) {
    throw new RangeError(
      `Cannot follow ${topic}/${partition} with the ledger ${ledger} as it must be of the stream that the ledger ` +
        "followed before: it is another one; give this stream a ledger or a schema of its own",
    );
  }
  return await inTransaction(client, async () => {
    // One state of the ledger for all that follows, should yet another owner commit meanwhile.
    await client.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
    const snapshot = await readSnapshot(client, topic, partition);
    const ranges = await client.query(
      `SELECT * FROM committed_range WHERE topic = $1 AND partition = $2 AND next_offset > $3 ORDER BY first_offset`,
      [topic, partition, snapshot?.nextOffset ?? 0],
    );
    return {
      epoch: Number(row.epoch),
      nextOffset: row.next_offset === null ? undefined : Number(row.next_offset),
      snapshot,
      ranges: ranges.rows.map(rangeOf),
    };
  });
}

/** The snapshot, part by part: all at once it would be in memory several times. */
export async function readSnapshot(
  client: Connection,
  topic: string,
  partition: number,
): Promise<Claim["snapshot"]> {
  const { rows: [whole] } = await client.query(
    `SELECT count(*)::int AS parts, max(next_offset) AS next_offset, coalesce(sum(octet_length(bytes)), 0) AS size
     FROM snapshot WHERE topic = $1 AND partition = $2`,
    [topic, partition],
  );
  if (whole.parts === 0) return undefined;
  const bytes = new Uint8Array(Number(whole.size));
  for (let part = 0, at = 0; part < whole.parts; part++) {
    const { rows: [row] } = await client.query(
      "SELECT bytes FROM snapshot WHERE topic = $1 AND partition = $2 AND part = $3",
      [topic, partition, part],
    );
    bytes.set(row.bytes, at);
    at += row.bytes.length;
  }
  return { nextOffset: Number(whole.next_offset), bytes };
}

/** Counts over a topic, and the nearest-rank quantiles of produced to committed over its log. */
export async function readSummary(client: Connection, topic: string): Promise<LedgerSummary> {
  const { rows: [counts] } = await client.query(
    `SELECT coalesce(sum(scored), 0) AS scored, coalesce(sum(flagged), 0) AS flagged,
       coalesce(sum(dead_letters), 0) AS dead_letters,
       (SELECT count(*) FROM object_cut WHERE topic = $1) AS objects,
       (SELECT count(*) FROM object_cut WHERE topic = $1 AND stored) AS objects_stored
     FROM committed_range WHERE topic = $1`,
    [topic],
  );
  const { rows: [latency] } = await inTransaction(client, async () => {
    await client.query(`SET LOCAL statement_timeout = ${SUMMARY_TIMEOUT_MS}`);
    return await client.query({
      // Times are whole milliseconds: few different ones, however long the log is.
      text: `WITH times AS (
         SELECT committed_at_ms - produced_at_ms AS ms, count(*) AS n FROM transaction_log WHERE topic = $1 GROUP BY 1
       ), ranked AS (
         SELECT ms, sum(n) OVER (ORDER BY ms) AS up_to, sum(n) OVER () AS total FROM times
       )
       SELECT min(ms) FILTER (WHERE up_to >= ceil(total * 0.5)) AS p50,
         min(ms) FILTER (WHERE up_to >= ceil(total * 0.99)) AS p99 FROM ranked`,
      values: [topic],
      query_timeout: SUMMARY_TIMEOUT_MS,
    });
  });
  return {
    scored: Number(counts.scored),
    flagged: Number(counts.flagged),
    deadLetters: Number(counts.dead_letters),
    objects: Number(counts.objects),
    objectsStored: Number(counts.objects_stored),
    latencyP50Ms: Number(latency.p50 ?? NaN),
    latencyP99Ms: Number(latency.p99 ?? NaN),
  };
}

import type { Connection } from "./driver.ts";
import type { Claim } from "../ledger.ts";
import { RANGES_AFTER } from "../sql/ledger.ts";
import { rangeOf } from "../sql/rows.ts";
import { inTransaction, numbered } from "./session.ts";

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
  return await inSnapshot(client, async () => {
    const snapshot = await readSnapshot(client, topic, partition);
    const ranges = await client.query(numbered(RANGES_AFTER), [topic, partition, snapshot?.nextOffset ?? 0]);
    return {
      epoch: Number(row.epoch),
      nextOffset: row.next_offset === null ? undefined : Number(row.next_offset),
      snapshot,
      ranges: ranges.rows.map(rangeOf),
    };
  });
}

/** Reads one state of the ledger, whatever others commit meanwhile. */
export async function inSnapshot<T>(client: Connection, work: () => Promise<T>): Promise<T> {
  return await inTransaction(client, async () => {
    await client.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
    return await work();
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
    // Where a part is missing, zeros are: the checksum of the snapshot shows it.
    if (row === undefined) continue;
    bytes.set(row.bytes, at);
    at += row.bytes.length;
  }
  return { nextOffset: Number(whole.next_offset), bytes };
}

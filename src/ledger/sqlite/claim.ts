/**
 * Claiming a partition in the embedded ledger.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { inTransaction } from "../../runtime/sqlite.ts";
import type { Claim } from "../ledger.ts";
import { rangeOf } from "../sql/rows.ts";

/** Who claims, of which stream, and what the ledger is called in an error. */
export interface Claimant {
  /** Name of the consumer that claims. */
  owner: string;
  /** What tells its stream from every other. */
  streamId: string;
  /** The ledger as a person would name it. */
  ledger: string;
}

/**
 * Makes the claimant the owner of a partition, under the next epoch, and reads what it takes over.
 *
 * @throws Error where the ledger follows the same topic of another stream.
 */
export function claimPartition(
  database: DatabaseSync,
  topic: string,
  partition: number,
  { owner, streamId, ledger }: Claimant,
): Claim {
  return inTransaction(database, () => {
    const row = database.prepare("SELECT * FROM partition_owner WHERE topic = ? AND partition = ?")
      .get(topic, partition);
    if (row !== undefined && row.stream_id !== streamId) {
      throw new Error(
        `Cannot follow ${topic}/${partition} with the ledger ${ledger} as it must be of the stream that the ledger ` +
          "followed before: it is another one; give this stream a ledger of its own, or remove the old ledger",
      );
    }
    const epoch = Number(row?.epoch ?? 0) + 1;
    database.prepare(
      `INSERT INTO partition_owner VALUES (?, ?, ?, ?, ?, NULL)
       ON CONFLICT DO UPDATE SET owner = excluded.owner, epoch = excluded.epoch`,
    ).run(topic, partition, streamId, owner, epoch);
    const snapshot = database.prepare(
      "SELECT next_offset, bytes FROM snapshot WHERE topic = ? AND partition = ?",
    ).get(topic, partition);
    const ranges = database.prepare(
      "SELECT * FROM committed_range WHERE topic = ? AND partition = ? AND next_offset > ? ORDER BY first_offset",
    ).all(topic, partition, snapshot?.next_offset ?? 0);
    return {
      epoch,
      nextOffset: row === undefined || row.next_offset === null ? undefined : Number(row.next_offset),
      snapshot: snapshot &&
        { nextOffset: Number(snapshot.next_offset), bytes: snapshot.bytes as Uint8Array },
      ranges: ranges.map(rangeOf),
    };
  });
}

import type { DatabaseSync } from "node:sqlite";
import { inTransaction } from "../../runtime/sqlite.ts";
import type { LedgerAlertStates } from "../alert_states.ts";
import { FencedError } from "../ledger.ts";

/**
 * The listeners' states of an embedded ledger.
 *
 * @param attempt Runs work on the database, and makes its errors the ledger's.
 */
export function sqliteAlertStates(
  attempt: <T>(work: (database: DatabaseSync) => T) => Promise<T>,
): LedgerAlertStates {
  return {
    read: ({ listener, topic, partition }) =>
      attempt((database) =>
        database.prepare("SELECT state FROM alert_state WHERE listener = ? AND topic = ? AND partition = ?")
          .get(listener, topic, partition)?.state as string | undefined
      ),
    record: ({ listener, topic, partition }, epoch, { state, offset }) =>
      attempt((database) => {
        inTransaction(database, () => {
          const owner = database.prepare(
            "SELECT epoch FROM partition_owner WHERE topic = ? AND partition = ?",
          ).get(topic, partition);
          if (Number(owner?.epoch) !== epoch) {
            throw new FencedError(
              `Cannot record alerts of ${topic}/${partition} under epoch ${epoch}: current epoch is ${owner?.epoch}`,
            );
          }
          database.prepare(
            "INSERT INTO alert_state VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET state = excluded.state",
          ).run(listener, topic, partition, state);
          moveListener(database, { listener, topic, partition }, offset);
        });
      }),
  };
}

/** Moves a listener's position forward, inside a transaction; an older one changes nothing. */
export function moveListener(
  database: DatabaseSync,
  { listener, topic, partition }: { listener: string; topic: string; partition: number },
  offset: number,
): void {
  database.prepare(
    `INSERT INTO listener_position VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET "offset" = max("offset", excluded."offset")`,
  ).run(listener, topic, partition, offset);
}

import type { LedgerAlertStates } from "../alert_states.ts";
import { FencedError } from "../ledger.ts";
import type { PostgresSession } from "./session.ts";
import { withoutNul } from "./text.ts";

// The owner's row is locked, so that no other owner takes over between the look at the epoch and the writing.
const RECORD = `
WITH owner AS (
  SELECT epoch FROM partition_owner WHERE topic = $2 AND partition = $3 AND epoch = $4 FOR SHARE
), stated AS (
  INSERT INTO alert_state SELECT $1, $2, $3, $5 WHERE EXISTS (SELECT FROM owner)
  ON CONFLICT (listener, topic, partition) DO UPDATE SET state = excluded.state
), moved AS (
  INSERT INTO listener_position AS old SELECT $1, $2, $3, $6 WHERE EXISTS (SELECT FROM owner)
  ON CONFLICT (listener, topic, partition) DO UPDATE SET "offset" = excluded."offset"
  WHERE old."offset" < excluded."offset"
)
SELECT count(*)::int AS owned FROM owner`;

/** The listeners' states of a ledger in PostgreSQL. */
export function postgresAlertStates(session: PostgresSession): LedgerAlertStates {
  return {
    read: ({ listener, topic, partition }) =>
      session.run("read what a listener was told", async (client) => {
        const { rows: [row] } = await client.query(
          "SELECT state FROM alert_state WHERE listener = $1 AND topic = $2 AND partition = $3",
          [listener, topic, partition],
        );
        return row?.state;
      }),
    record: ({ listener, topic, partition }, epoch, { state, offset }) =>
      session.run(`record alerts of ${topic}/${partition}`, async (client) => {
        const { rows: [{ owned }] } = await client.query(RECORD, [
          listener,
          topic,
          partition,
          epoch,
          withoutNul(state),
          offset,
        ]);
        if (owned === 1) return;
        const { rows: [row] } = await client.query(
          "SELECT epoch FROM partition_owner WHERE topic = $1 AND partition = $2",
          [topic, partition],
        );
        throw new FencedError(
          `Cannot record alerts of ${topic}/${partition} under epoch ${epoch}: current epoch is ${row?.epoch}`,
        );
      }),
  };
}

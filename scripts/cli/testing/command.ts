/**
 * Commands as processes of their own, for the tests of what they do together.
 *
 * @module
 */
import { type RunningProcess, startDeno } from "../../../src/testing/process.ts";
import { permissionsFor } from "../launch/permissions.ts";

/** The JSON of a transaction, of keys that no simulation makes. */
export const TRANSACTION: string = JSON.stringify({
  transaction_id: "x",
  customer_id: "c1",
  terminal_id: "t1",
  amount: 10,
  timestamp: "2026-03-01T00:00:00Z",
});

/** Starts a command under the permissions that its task gives it for these arguments. */
export function startCommand(command: "serve" | "token" | "consume", ...args: string[]): RunningProcess {
  return startDeno(`scripts/commands/${command}.ts`, args, {
    permissions: permissionsFor(command, args, () => undefined),
  });
}

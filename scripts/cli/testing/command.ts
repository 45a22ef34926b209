/**
 * Commands as processes of their own, for the tests of what they do together.
 *
 * @module
 */
import type { RunningProcess } from "../../../src/testing/process.ts";
import { startCommand as start } from "../../harness/start_command.ts";

/** The JSON of a transaction, of keys that no simulation makes. */
export const TRANSACTION: string = JSON.stringify({
  transaction_id: "x",
  customer_id: "c1",
  terminal_id: "t1",
  amount: 10,
  timestamp: "2026-03-01T00:00:00Z",
});

/** Starts a command as its task does, with no settings in the environment. */
export function startCommand(command: "serve" | "token" | "consume", ...args: string[]): RunningProcess {
  return start(command, args);
}

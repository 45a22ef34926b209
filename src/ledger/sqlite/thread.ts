import { startThread, type Thread } from "../../runtime/thread.ts";
import {
  type CommittedRange,
  FencedError,
  type Ledger,
  type LoggedTransaction,
  type ObjectCut,
  type Outcome,
} from "../ledger.ts";

const METHODS = [
  "claim",
  "keepSnapshot",
  "flaggedAfter",
  "find",
  "deadLettersAfter",
  "forgetDeadLetters",
  "position",
  "advance",
  "lastCutOffset",
  "recordCuts",
  "pendingCuts",
  "markStored",
  "markUnstored",
  "lastStored",
  "id",
  "partitions",
  "summary",
] as const satisfies readonly (keyof Ledger)[];
const LABELS = ["add", "addFromStream", "streamOffset", "history", "pending", "markProduced"] as const;
const ALERT_STATES = ["read", "record"] as const;
const OUTBOX = ["sizesAfter", "byHour"] as const;
const LOSSES = ["skip", "note", "list", "accept", "followed", "follow"] as const;
const QUERIES = ["prepare", "flagged", "recent", "labelsAt", "snapshot"] as const;

/**
 * Opens or makes the embedded ledger at a path, as `openSqliteLedger` does, in a thread of its own.
 *
 * A commit waits for the disk there while this thread goes on: for a process that answers requests. Each call costs a message
 * there and back.
 *
 * @throws Error where the file is no ledger, is of a newer version, or cannot be opened.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { openSqliteLedgerThread } from "./thread.ts";
 *
 * await using ledger = await openSqliteLedgerThread(`${Deno.makeTempDirSync()}/ledger.db`);
 * const claim = await ledger.claim("transactions", 0, { owner: "a", streamId: "s" });
 * assertEquals(claim.epoch, 1);
 * ```
 */
export async function openSqliteLedgerThread(path: string): Promise<Ledger> {
  const module = new URL("./worker.ts", import.meta.url);
  const thread = await startThread(module, path, [FencedError]);
  return {
    name: `sqlite:${path}`,
    ...calls<Ledger, typeof METHODS[number]>(thread, METHODS),
    commit: (outcome) => thread.call("commit", [compact(outcome)]),
    labels: calls<Ledger["labels"], typeof LABELS[number]>(thread, LABELS, "labels."),
    alertStates: calls<Ledger["alertStates"], typeof ALERT_STATES[number]>(
      thread,
      ALERT_STATES,
      "alertStates.",
    ),
    outbox: calls<Ledger["outbox"], typeof OUTBOX[number]>(thread, OUTBOX, "outbox."),
    losses: calls<Ledger["losses"], typeof LOSSES[number]>(thread, LOSSES, "losses."),
    queries: calls<Ledger["queries"], typeof QUERIES[number]>(thread, QUERIES, "queries."),
    ranges: (...args) => thread.iterate<CommittedRange>("ranges", args),
    logged: (...args) => thread.iterate<LoggedTransaction[]>("logged", args),
    cuts: (...args) => thread.iterate<ObjectCut & { stored: boolean }>("cuts", args),
    [Symbol.asyncDispose]: () => thread[Symbol.asyncDispose](),
  };
}

function calls<Part, Name extends keyof Part & string>(
  thread: Thread,
  names: readonly Name[],
  prefix = "",
): Pick<Part, Name> {
  return Object.fromEntries(
    names.map((name) => [name, (...args: unknown[]) => thread.call(prefix + name, args)]),
  ) as Pick<Part, Name>;
}

/** The outcome without the rest of the buffers that its columns are views of, which would be copied too. */
function compact(outcome: Outcome): Outcome {
  const log = { ...outcome.log } as Record<string, unknown>;
  for (const [name, column] of Object.entries(log)) {
    if (!ArrayBuffer.isView(column) || column.byteLength === column.buffer.byteLength) continue;
    log[name] = (column as Uint8Array).slice();
  }
  return { ...outcome, log: log as unknown as Outcome["log"] };
}

import { startThread } from "../../runtime/thread.ts";
import type { Broker } from "../broker.ts";
import { readingSqliteBroker } from "./broker.ts";

/**
 * Opens or makes the embedded stream at a path, as `openSqliteBroker` does, with a thread that writes.
 *
 * All writes, heartbeats included, wait for the disk in that thread, so a process that answers requests is not blocked.
 * Reads are quick and stay in this thread.
 *
 * @throws Error if the file is not a stream, is of a newer version, or cannot be opened.
 */
export async function openSqliteBrokerThread(path: string): Promise<Broker> {
  const thread = await startThread(new URL("./worker.ts", import.meta.url), path);
  try {
    return readingSqliteBroker(path, {
      ensureTopic: (...args) => thread.call("ensureTopic", args),
      append: (...args) => thread.call("append", args),
      beat: (...args) => thread.call("beat", args),
      leave: (...args) => thread.call("leave", args),
      commitOffset: (...args) => thread.call("commitOffset", args),
      [Symbol.asyncDispose]: () => thread[Symbol.asyncDispose](),
    });
  } catch (error) {
    await thread[Symbol.asyncDispose]();
    throw error;
  }
}

import { startThread } from "../../runtime/thread.ts";
import type { Broker } from "../broker.ts";
import { readingSqliteBroker } from "./broker.ts";

/**
 * Opens or makes the embedded stream at a path, as `openSqliteBroker` does, with a thread of its own that writes.
 *
 * Whatever is written, and be it that a member is alive, waits for the disk there, while this thread goes on: for a
 * process that answers requests. Reading is quick, waits for nobody, and stays here.
 *
 * @throws Error where the file is no stream, is of a newer version, or cannot be opened.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { openSqliteBrokerThread } from "./thread.ts";
 *
 * await using broker = await openSqliteBrokerThread(`${Deno.makeTempDirSync()}/stream.db`);
 * await broker.ensureTopic("transactions");
 * await broker.produce("transactions", [{ key: "c1", value: "{}" }]);
 * assertEquals((await broker.offsets("transactions"))[0].endOffset, 1);
 * ```
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

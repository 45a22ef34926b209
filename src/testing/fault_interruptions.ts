/**
 * The ways in which a connection between a consumer and a server fails, as rows of the fault matrix bring them about.
 *
 * @module
 */
import { type FaultContext, lasting } from "./fault_row.ts";
import { openProxy, type Passage, type Towards } from "./proxy.ts";

/** What can happen to the way between a consumer and a server. */
export type Interruption = "refuse" | "cut" | "hold";

/** A way to a server that can be interrupted; disposing of it closes it. */
export interface FragileWay extends AsyncDisposable {
  /** The port at which the server is reached by this way. */
  readonly port: number;
  /** Interrupts the way for the length of the matrix's outage; it is whole again when this resolves. */
  interrupt(how: Interruption, context: FaultContext): Promise<void>;
}

const CUTS = 10;
/** Time between two cuts: enough to connect again and begin something. */
const BETWEEN_CUTS_MS = 300;

/** How long an outage of the matrix is, milliseconds; held connections outlive every time-out of the adapters. */
export function outageMs({ isQuick }: Pick<FaultContext, "isQuick">): number {
  return isQuick ? 10_000 : 60_000;
}

/**
 * Opens a way to a server on this machine.
 *
 * - `refuse`: connections are cut and new ones refused.
 * - `cut`: connections are cut ten times over in the middle of what they carry: a request that arrived has no answer, an
 *   answer ends early.
 * - `hold`: connections stay open, and nothing comes through.
 *
 * @param target Port of the server.
 * @param port Port to be reached at; any free one by default.
 *
 * @example
 * ```ts
 * import { assertEquals } from "./assert.ts";
 * import { openFragileWay } from "./fault_interruptions.ts";
 *
 * await using server = Deno.serve({ port: 0, onListen() {} }, () => new Response("here"));
 * await using way = openFragileWay(server.addr.port);
 * const answer = await fetch(`http://127.0.0.1:${way.port}/`, { headers: { connection: "close" } });
 * assertEquals(await answer.text(), "here");
 * ```
 */
export function openFragileWay(target: number, port?: number): FragileWay {
  let cutNext: Towards | undefined;
  const proxy = openProxy({
    target: { port: target },
    port,
    inspect(_, towards): Passage {
      if (towards !== cutNext) return "pass";
      cutNext = undefined;
      return towards === "target" ? "pass-then-cut" : "cut";
    },
  });
  const cut = async () => {
    for (let n = 0; n < CUTS; n++) {
      cutNext = n % 2 === 0 ? "target" : "client";
      await lasting(BETWEEN_CUTS_MS);
      // All the others, too.
      proxy.cut();
    }
    cutNext = undefined;
  };
  return {
    port: proxy.port,
    async interrupt(how, context) {
      if (how === "cut") return await cut();
      proxy[how]();
      await lasting(outageMs(context));
      proxy.resume();
    },
    [Symbol.asyncDispose]: () => proxy.close(),
  };
}

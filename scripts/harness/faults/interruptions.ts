/**
 * The ways in which a connection between a consumer and a server fails, as rows of the fault matrix bring them about.
 *
 * @module
 */
import { type FaultContext, lasting } from "./row.ts";
import { openProxy, type Passage, type Towards } from "../../../src/testing/proxy.ts";

export type Interruption = "refuse" | "cut" | "hold";

/** A connection to a server that can be interrupted; disposing closes it. */
export interface FragileWay extends AsyncDisposable {
  readonly port: number;
  /** Interrupts for the length of the matrix's outage; resolves once connections work again. */
  interrupt(how: Exclude<Interruption, "cut">, context: FaultContext): Promise<void>;
  /** Cuts the next message towards one side half-way, then every connection; new ones work. */
  cut(towards: Towards): Promise<void>;
}

/** If no message comes within this time, connections are cut anyway. */
const CUT_WITHIN_MS = 300;

/** Length of an outage in milliseconds: longer than every timeout of the adapters, unless quick. */
export function outageMs({ isQuick }: Pick<FaultContext, "isQuick">): number {
  return isQuick ? 10_000 : 60_000;
}

/**
 * Opens a way to a server on this machine.
 *
 * - `refuse`: connections are cut and new ones refused.
 * - `hold`: connections stay open, and nothing comes through.
 *
 * After `cut("target")` a request that arrived has no answer, after `cut("client")` an answer ends early.
 *
 * @param target Port of the server.
 * @param port Port to be reached at; any free one by default.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../../src/testing/assert.ts";
 * import { openFragileWay } from "./interruptions.ts";
 *
 * await using server = Deno.serve({ port: 0, onListen() {} }, () => new Response("here"));
 * await using way = openFragileWay(server.addr.port);
 * const answer = await fetch(`http://127.0.0.1:${way.port}/`, { headers: { connection: "close" } });
 * assertEquals(await answer.text(), "here");
 * ```
 */
export function openFragileWay(target: number, port?: number): FragileWay {
  let next: { towards: Towards; done(): void } | undefined;
  const proxy = openProxy({
    target: { port: target },
    port,
    inspect(_, towards): Passage {
      if (next?.towards !== towards) return "pass";
      next.done();
      next = undefined;
      return towards === "target" ? "pass-then-cut" : "cut";
    },
  });
  return {
    port: proxy.port,
    async interrupt(how, context) {
      proxy[how]();
      await lasting(outageMs(context));
      proxy.resume();
    },
    async cut(towards) {
      const isCut = new Promise<void>((done) => next = { towards, done });
      await Promise.race([isCut, lasting(CUT_WITHIN_MS)]);
      next = undefined;
      // And all other connections.
      proxy.cut();
    },
    [Symbol.asyncDispose]: () => proxy.close(),
  };
}

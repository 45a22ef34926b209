/** The part of V8's sampled profile that is read. */
export interface CpuProfile {
  nodes: readonly { id: number; callFrame: { functionName: string; url: string } }[];
  /** Ids of the running nodes, one a sample. */
  samples: readonly number[];
  /** Microseconds from each sample to the one before. */
  timeDeltas: readonly number[];
}

/**
 * Microseconds that a thread spent in each part of the program itself, the largest first: a room of `src/`, a package, WebAssembly,
 * the collector of garbage, Deno, or waiting.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../../src/testing/assert.ts";
 * import { profileShares } from "./profile_shares.ts";
 *
 * const frame = (functionName: string, url: string) => ({ functionName, url });
 * const nodes = [
 *   { id: 1, callFrame: frame("(idle)", "") },
 *   { id: 2, callFrame: frame("commit", "file:///x/src/ledger/postgres.ts") },
 * ];
 * const shares = profileShares({ nodes, samples: [2, 1, 2], timeDeltas: [10, 5, 10] });
 * assertEquals([...shares], [["src/ledger", 20], ["waiting", 5]]);
 * ```
 */
export function profileShares({ nodes, samples, timeDeltas }: CpuProfile): Map<string, number> {
  const partOf = new Map(nodes.map(({ id, callFrame }) => [id, partOfFrame(callFrame)]));
  const spent = new Map<string, number>();
  samples.forEach((id, i) => {
    const part = partOf.get(id)!;
    spent.set(part, (spent.get(part) ?? 0) + timeDeltas[i]);
  });
  return new Map([...spent].sort(([, a], [, b]) => b - a));
}

function partOfFrame({ functionName, url }: { functionName: string; url: string }): string {
  if (functionName === "(garbage collector)") return "garbage collection";
  if (functionName === "(idle)") return "waiting";
  if (url.startsWith("wasm:")) return "WebAssembly";
  const room = /\/(src\/(?:[a-z]+(?=\/)|[\w.]+))/.exec(url);
  if (room !== null && url.startsWith("file:") && !url.includes("/npm/")) return room[1];
  const npm = /\/npm\/[^/]+\/((?:@[^/]+\/)?[^/]+)\//.exec(url);
  return npm === null ? "Deno and the system" : `npm:${npm[1]}`;
}

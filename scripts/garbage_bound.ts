/** What the bound is of, and how it is kept. */
export interface GarbageBoundOptions {
  /** Bytes of buffers that may come up between two collections (default 32 MiB). */
  growthBytes?: number;
  /** Time between two looks, milliseconds (default 50). */
  intervalMs?: number;
  /** Bytes of the buffers that the collector has not freed yet (default: what V8 counts). */
  bufferBytes?(): number;
  /** Frees what nobody holds (default: V8's collector, which `--v8-flags=--expose-gc` hands out; without it nothing is done). */
  collect?(): void;
}

const GROWTH_BYTES = 32 * 1024 * 1024;
const INTERVAL_MS = 50;

/**
 * Has buffers collected that nobody holds, before they are many.
 *
 * V8 collects by what its own heap holds, which is little here; what comes from the network lies beside it, in buffers of
 * megabytes that outlive the young generation and then wait for a collection of the whole. A small heap is collected in 15 to 40 ms.
 *
 * @returns Ends the looks when it is disposed of.
 *
 * @example
 * ```ts
 * import { boundGarbage } from "./garbage_bound.ts";
 *
 * using _ = boundGarbage({ growthBytes: 16 * 1024 * 1024 });
 * ```
 */
export function boundGarbage(options: GarbageBoundOptions = {}): Disposable {
  const {
    growthBytes = GROWTH_BYTES,
    intervalMs = INTERVAL_MS,
    bufferBytes = () => Deno.memoryUsage().external,
    collect = (globalThis as { gc?(): void }).gc,
  } = options;
  if (collect === undefined) return { [Symbol.dispose]() {} };
  let least = bufferBytes();
  const timer = setInterval(() => {
    const bytes = bufferBytes();
    least = Math.min(least, bytes);
    if (bytes - least < growthBytes) return;
    collect();
    least = bufferBytes();
  }, intervalMs);
  Deno.unrefTimer(timer);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

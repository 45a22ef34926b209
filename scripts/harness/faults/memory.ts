import { isProcessGone } from "../../../src/testing/is_process_gone.ts";
import type { RunningProcess } from "../../../src/testing/process.ts";

/** Watches the resident memory of processes until it is stopped. */
export interface MemoryWatch {
  /** Largest resident memory that any watched process has had, bytes; 0 where the system does not tell. */
  readonly peakBytes: number;
  /** Watches a process until it ends. */
  watch(process: Pick<RunningProcess, "pid" | "hasEnded">): void;
  /** Resident memory of the watched processes that run now, bytes, all together. */
  nowBytes(): number;
  /** Ends all watching. */
  stop(): void;
}

const LOOK_EVERY_MS = 100;

/**
 * Starts a watch of resident memory by the kernel's own peak of each process (`VmHWM`), so that nothing between two looks
 * is missed; Linux only. Needs `--allow-all`, which Deno asks for to read `/proc`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../../src/testing/assert.ts";
 * import { watchMemory } from "./memory.ts";
 *
 * const memory = watchMemory();
 * memory.stop();
 * assertEquals(memory.peakBytes, 0);
 * ```
 */
export function watchMemory(): MemoryWatch {
  const watched = new Set<Pick<RunningProcess, "pid" | "hasEnded">>();
  let peakBytes = 0;
  const look = (field: string) => {
    let sum = 0;
    for (const process of watched) {
      const bytes = process.hasEnded ? undefined : statusBytes(process.pid, field);
      if (bytes === undefined) watched.delete(process);
      else {
        sum += bytes;
        peakBytes = Math.max(peakBytes, bytes);
      }
    }
    return sum;
  };
  const timer = setInterval(() => look("VmHWM"), LOOK_EVERY_MS);
  return {
    get peakBytes() {
      return peakBytes;
    },
    watch: (process) => void watched.add(process),
    nowBytes: () => look("VmRSS"),
    stop: () => clearInterval(timer),
  };
}

function statusBytes(pid: number, field: string): number | undefined {
  let text: string;
  try {
    text = Deno.readTextFileSync(`/proc/${pid}/status`);
  } catch (error) {
    if (isProcessGone(error)) return undefined;
    throw error;
  }
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(text);
  return found === null ? undefined : Number(found[1]) * 1024;
}

import { isProcessGone } from "../../../src/testing/is_process_gone.ts";

/** What a process and all that it started have used. */
export interface ProcessUse {
  /** Largest resident memory of all of them together at one look, bytes; of one process alone its own true peak. */
  readonly peakRssBytes: number;
  /** Processor time of all of them, seconds, up to the last look. */
  readonly cpuSeconds: number;
  /** Ends the looking. */
  stop(): void;
}

/** A look is due after a tenth of the time so far, within these bounds: a short run is seen often, a long one seldom. */
const [LEAST_WAIT_MS, MOST_WAIT_MS] = [5, 200];
/** Clock ticks a second of /proc/PID/stat, on every Linux that Deno runs on. */
const TICKS_A_SECOND = 100;

/**
 * Looks at memory and processor time of a process and its descendants until it is stopped; Linux only. Needs `--allow-all`,
 * which Deno asks for to read `/proc`.
 *
 * @param pid The process.
 */
export function watchProcess(pid: number): ProcessUse {
  const cpuTicks = new Map<number, number>();
  let peakRssBytes = 0;
  const look = () => {
    let sum = 0;
    const family = familyOf(pid);
    for (const each of family) {
      const stat = textOf(`/proc/${each}/stat`);
      const status = textOf(`/proc/${each}/status`);
      if (stat === undefined || status === undefined) continue;
      // After the name in parentheses: 11 and 12 are ticks in user and system mode.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      cpuTicks.set(each, Number(fields[11]) + Number(fields[12]));
      sum += bytesOf(status, family.length === 1 ? "VmHWM" : "VmRSS");
    }
    peakRssBytes = Math.max(peakRssBytes, sum);
  };
  const startedAt = performance.now();
  let timer: ReturnType<typeof setTimeout>;
  const keepLooking = () => {
    look();
    const waitMs = Math.min(MOST_WAIT_MS, Math.max(LEAST_WAIT_MS, (performance.now() - startedAt) / 10));
    timer = setTimeout(keepLooking, waitMs);
  };
  keepLooking();
  return {
    get peakRssBytes() {
      return peakRssBytes;
    },
    get cpuSeconds() {
      return [...cpuTicks.values()].reduce((sum, ticks) => sum + ticks, 0) / TICKS_A_SECOND;
    },
    stop: () => clearTimeout(timer),
  };
}

/** The process and its descendants that run now; empty once it has ended. */
function familyOf(pid: number): number[] {
  const children: number[] = [];
  try {
    for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
      const text = textOf(`/proc/${pid}/task/${name}/children`) ?? "";
      children.push(...text.split(" ").filter((part) => part !== "").map(Number));
    }
  } catch (error) {
    if (isProcessGone(error)) return [];
    throw error;
  }
  return [pid, ...children.flatMap(familyOf)];
}

function textOf(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (isProcessGone(error)) return undefined;
    throw error;
  }
}

function bytesOf(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? 0) * 1024;
}

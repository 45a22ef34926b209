/** Memory and processor time of a process and all that it started. */
export interface ProcessUse {
  /** Largest resident memory of the family at one look, bytes; of one process alone its own true peak. */
  readonly peakRssBytes: number;
  /** Seconds, up to the last look. */
  readonly cpuSeconds: number;
  /** Resident memory of the family now, bytes; 0 once it has ended. */
  rssBytes(): number;
  /** Ends the looking, which also ends with the process. */
  stop(): void;
}

/** A look is due after a tenth of the time so far, within these bounds: a short run is seen often, a long one seldom. */
const [LEAST_WAIT_MS, MOST_WAIT_MS] = [5, 200];
/** Clock ticks a second of /proc/PID/stat, on every Linux that Deno runs on. */
const TICKS_A_SECOND = 100;

/**
 * Looks at a process and its descendants until they end; Linux only. Needs `--allow-all`, which Deno asks for to read
 * `/proc`. The peak of a single process is the kernel's own (`VmHWM`), so nothing between two looks is missed.
 */
export function watchProcess(pid: number): ProcessUse {
  const cpuTicks = new Map<number, number>();
  let peakRssBytes = 0;
  const startedAt = performance.now();
  let timer: ReturnType<typeof setTimeout>;
  const look = () => {
    const family = familyOf(pid);
    let sum = 0;
    for (const each of family) {
      const [stat, status] = [textOf(`/proc/${each}/stat`), textOf(`/proc/${each}/status`)];
      if (stat === undefined || status === undefined) continue;
      // After the name in parentheses: 11 and 12 are ticks in user and system mode.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      cpuTicks.set(each, Number(fields[11]) + Number(fields[12]));
      sum += bytesOf(status, family.length === 1 ? "VmHWM" : "VmRSS");
    }
    peakRssBytes = Math.max(peakRssBytes, sum);
    if (family.length === 0) return;
    const waitMs = Math.min(MOST_WAIT_MS, Math.max(LEAST_WAIT_MS, (performance.now() - startedAt) / 10));
    timer = setTimeout(look, waitMs);
  };
  look();
  return {
    get peakRssBytes() {
      return peakRssBytes;
    },
    get cpuSeconds() {
      return [...cpuTicks.values()].reduce((sum, ticks) => sum + ticks, 0) / TICKS_A_SECOND;
    },
    rssBytes: () =>
      familyOf(pid).reduce((sum, each) => sum + bytesOf(textOf(`/proc/${each}/status`) ?? "", "VmRSS"), 0),
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

function isProcessGone(error: unknown): boolean {
  // Deno has no class for ESRCH, and gives it no code where a file is being read.
  return error instanceof Deno.errors.NotFound || (error as Error).message.includes("(os error 3)");
}

function bytesOf(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? 0) * 1024;
}

import cliProgress from "cli-progress";
import process from "node:process";

// The types are ours: npm:@types/cli-progress brings @types/node, which would take the place of Deno's own Node types.
/** A bar of cli-progress. */
interface Bar {
  start(total: number, done: number, payload: Record<string, string>): void;
  update(done: number, payload: Record<string, string>): void;
  stop(): void;
}

const LINE_EVERY_MS = 5000;

/** How progress is shown. */
export interface ProgressOptions {
  /** What `total` and the first number of `update` count, such as bytes; without it there is no time left. */
  total?: number;
  /** What the second number of `update` counts, in the plural. */
  unit?: string;
  quiet?: boolean;
  /** Draw a bar; what standard error is (a terminal or not) decides unless told. */
  terminal?: boolean;
  /** Where the lines go that are not a bar; standard error unless told. */
  write?: (line: string) => void;
}

/** Progress of one task. */
export interface Progress {
  /** Says how far the task is: `done` of `total`, and the units so far. */
  update(done: number, units: number): void;
  /** Ends with a line that says how many units took how long. */
  stop(): void;
}

/**
 * Shows the progress of a task on standard error: a bar with units/s and time left on a terminal, elsewhere a plain line
 * every five seconds.
 *
 * @param label Name of the task, such as "train".
 * @param options Total, unit, quiet.
 *
 * @example
 * ```ts
 * import { startProgress } from "./progress.ts";
 *
 * const progress = startProgress("train", { total: 2048, quiet: true });
 * progress.update(1024, 10);
 * progress.stop();
 * ```
 */
export function startProgress(label: string, options: ProgressOptions = {}): Progress {
  const { total, unit = "rows", quiet = false, terminal = Deno.stderr.isTerminal() } = options;
  const { write = (line: string) => console.error(line) } = options;
  const startedMs = performance.now();
  let lastLineMs = startedMs;
  let units = 0;
  if (quiet) return { update() {}, stop() {} };
  const seconds = () => (performance.now() - startedMs) / 1000;
  const speed = () => `${formatCount(units / Math.max(seconds(), 1e-3))} ${unit}/s`;
  const bar: Bar | undefined = terminal && total
    ? new cliProgress.SingleBar({
      stream: process.stderr,
      format: `${label} {bar} {percentage}% | {units} ${unit} | {speed} | {eta_formatted} left`,
      barsize: 24,
      barCompleteChar: "█",
      barIncompleteChar: "░",
      // Neither is taken back where a signal ends the process: the terminal would stay without them.
      hideCursor: false,
      linewrap: true,
      clearOnComplete: true,
      fps: 10,
      etaBuffer: 50,
      stopOnComplete: false,
    })
    : undefined;
  bar?.start(total!, 0, { units: "0", speed: "" });
  return {
    update(done, unitsSoFar) {
      units = unitsSoFar;
      if (bar) return bar.update(Math.min(done, total!), { units: formatCount(units), speed: speed() });
      const nowMs = performance.now();
      if (nowMs - lastLineMs < LINE_EVERY_MS) return;
      lastLineMs = nowMs;
      const share = total ? done / total : 0;
      const left = share > 0 && share <= 1
        ? `, ${Math.floor(100 * share)}%, ${Math.ceil(seconds() * (1 - share) / share)} s left`
        : "";
      write(`${label}: ${formatCount(units)} ${unit}, ${speed()}${left}`);
    },
    stop() {
      bar?.stop();
      write(`${label}: ${formatCount(units)} ${unit} in ${seconds().toFixed(1)} s, ${speed()}`);
    },
  };
}

function formatCount(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

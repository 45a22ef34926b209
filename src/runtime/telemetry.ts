export type LogLevel = "debug" | "info" | "warn" | "error";

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];
const REPEAT_MS = 30_000;

/** A process's log and counters. Healthy operation logs nothing per record. */
export interface Telemetry {
  log(level: LogLevel, message: string): void;
  /**
   * Logs trouble with `what`: the first time, then at most every 30 seconds.
   *
   * @param isState True for a lasting condition; false (default) for a failed attempt that is being retried.
   * @param who Tells those apart that have trouble with the same; it is over when it is over for all of them.
   */
  trouble(what: string, message: string, isState?: boolean, who?: unknown): void;
  /**
   * Logs that the trouble with `what` is over, if there was any.
   *
   * @param isGivenUp True where nobody tries any more, which is no recovery.
   */
  recovered(what: string, who?: unknown, isGivenUp?: boolean): void;
  /** Attempts whose failures began that long ago, and that go on. */
  failing(forMs: number): Failing[];
  /** Adds to a counter and returns its value. */
  count(name: string, by?: number): number;
  counters(): ReadonlyMap<string, number>;
  /** Why the process is not ready, by what is wrong: whoever finds a lasting fault sets it, and deletes it when it is over. */
  readonly notReady: Map<string, string>;
}

/** An attempt that fails again and again. */
export interface Failing {
  /** What is attempted, and at what, such as "objects to s3://host:9000/bucket". */
  what: string;
  /** Time since the first failure, milliseconds. */
  ageMs: number;
  /** The newest error. */
  message: string;
}

interface Trouble {
  since: number;
  saidAt: number;
  times: number;
  isState: boolean;
  message: string;
  who: Set<unknown>;
}

/**
 * Makes a process's telemetry.
 *
 * @param write Where lines go; standard error by default.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { createTelemetry } from "./telemetry.ts";
 *
 * const lines: string[] = [];
 * const telemetry = createTelemetry({ level: "info", write: (line) => lines.push(line) });
 * telemetry.trouble("objects", "the store answered 503");
 * telemetry.trouble("objects", "the store answered 503");
 * telemetry.recovered("objects");
 * assertEquals(lines.length, 2);
 * ```
 */
export function createTelemetry(
  options: { level?: LogLevel; write?(line: string): void; nowMs?(): number } = {},
): Telemetry {
  const least = LEVELS.indexOf(options.level ?? "info");
  const write = options.write ?? ((line) => console.error(line));
  const nowMs = options.nowMs ?? (() => performance.now());
  const counters = new Map<string, number>();
  const troubles = new Map<string, Trouble>();
  const log = (level: LogLevel, message: string) => {
    if (LEVELS.indexOf(level) >= least) write(`${level === "info" ? "" : `${level}: `}${message}`);
  };
  return {
    log,
    trouble(what, message, isState = false, who = "") {
      const now = nowMs();
      const known = troubles.get(what);
      if (known === undefined) {
        troubles.set(what, { since: now, saidAt: now, times: 1, isState, message, who: new Set([who]) });
        log("warn", `${what}: ${message}${isState ? "" : "; trying again"}`);
        return;
      }
      known.times++;
      known.message = message;
      known.who.add(who);
      if (now - known.saidAt < REPEAT_MS) return;
      known.saidAt = now;
      const seconds = Math.round((now - known.since) / 1000);
      log("warn", `${what}: still ${isState ? "so" : "trying"} after ${seconds} s: ${message}`);
    },
    recovered(what, who = "", isGivenUp = false) {
      const known = troubles.get(what);
      if (!known?.who.delete(who) || known.who.size > 0) return;
      troubles.delete(what);
      if (isGivenUp) return;
      const seconds = ((nowMs() - known.since) / 1000).toFixed(1);
      const attempts = known.isState ? "" : ` and ${known.times} failed attempts`;
      log("warn", `${what}: ${known.isState ? "well" : "works"} again after ${seconds} s${attempts}`);
    },
    failing: (forMs) =>
      [...troubles].map(([what, { since, message, isState }]) => ({
        what,
        message,
        isState,
        ageMs: nowMs() - since,
      })).filter(({ ageMs, isState }) => !isState && ageMs >= forMs),
    count(name, by = 1) {
      const value = (counters.get(name) ?? 0) + by;
      counters.set(name, value);
      return value;
    },
    counters: () => counters,
    notReady: new Map(),
  };
}

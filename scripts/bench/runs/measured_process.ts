import { type EndedProcess, type RunningProcess } from "../../../src/testing/process.ts";
import { watchProcess } from "./process_use.ts";

/** What a process came to, from its start to its end, with all that it started. */
export interface ProcessRun {
  /** From the start of the process to its end, milliseconds. */
  wallMs: number;
  /** Largest resident memory, bytes. */
  peakRssBytes: number;
  /** Processor time, seconds. */
  cpuSeconds: number;
}

const TIMEOUT_MS = 1_800_000;

/**
 * Runs a process to its end and says what it took and what it said; needs `--allow-all` for `/proc`.
 *
 * @param start Starts the process.
 */
export async function measuredProcess(
  start: () => Pick<RunningProcess, "pid" | "ended"> & AsyncDisposable,
): Promise<ProcessRun & Pick<EndedProcess, "code" | "stdout" | "stderr">> {
  const startedAt = performance.now();
  await using process = start();
  const use = watchProcess(process.pid);
  try {
    const { code, stdout, stderr } = await process.ended({ timeoutMs: TIMEOUT_MS });
    const wallMs = performance.now() - startedAt;
    return { code, stdout, stderr, wallMs, peakRssBytes: use.peakRssBytes, cpuSeconds: use.cpuSeconds };
  } finally {
    use.stop();
  }
}

/** The last lines of what a process said, for an error. */
export function lastWords(text: string): string {
  return text.trimEnd().split("\n").slice(-5).join("; ");
}

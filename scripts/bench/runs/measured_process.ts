import type { EndedProcess, RunningProcess } from "../../../src/testing/process.ts";
import { watchProcess } from "../../harness/process_use.ts";

/** What a process took from its start to its end, with all that it started. */
export interface ProcessRun {
  wallMs: number;
  peakRssBytes: number;
  cpuSeconds: number;
}

const TIMEOUT_MS = 1_800_000;

/** Runs a process to its end and says what it took and what it said; needs `--allow-all` for `/proc`. */
export async function measuredProcess(
  start: () => RunningProcess,
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

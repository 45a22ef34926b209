import type { LogMode } from "../../../src/ledger/ledger.ts";
import { startDeno } from "../../../src/testing/process.ts";
import type { EngineUrls } from "../../../src/testing/pipeline_run.ts";
import { permissionsFor } from "../../permissions.ts";
import type { Topics } from "./fill_stream.ts";
import { watchProcess } from "./process_use.ts";

/** What is consumed, and how. */
export interface ConsumeOptions extends Topics {
  /** Records in the topic: the run fails where it scores another number of them. */
  records: number;
  /** Which transactions are logged. */
  log: LogMode;
  /** Folder of the model. */
  model: string;
  /** Environment of the process, such as `KAFKA_CLIENT`. */
  env?: Record<string, string>;
}

/** What one run of the command came to. */
export interface ConsumeRun {
  /** Records a second as the command says: from opened engines to everything committed and relayed. */
  recordsPerS: number;
  /** From the start of the process to its end, milliseconds. */
  wallMs: number;
  /** Transactions that were flagged. */
  flagged: number;
  /** Largest resident memory, bytes. */
  peakRssBytes: number;
  /** Processor time, seconds. */
  cpuSeconds: number;
}

const TIMEOUT_MS = 1_800_000;
const SUMMARY = /^consumed\s+(\d+) records in [\d.]+ s, ([\d,]+) a second: (\d+) flagged/m;

/**
 * Runs `consume --until-empty` as a process of its own, under the permissions that the task gives it.
 *
 * @throws Error where it fails, or scores another number of records than there are.
 */
export async function runConsume(urls: EngineUrls, options: ConsumeOptions): Promise<ConsumeRun> {
  const args = [
    ...["--stream", urls.stream, "--ledger", urls.ledger, "--objects", urls.objects],
    ...["--topic", options.topic, "--label-topic", options.labelTopic, "--model", options.model],
    ...["--group", crypto.randomUUID(), "--log", options.log, "--alerts", "none", "--until-empty", "--quiet"],
  ];
  const permissions = permissionsFor("consume", args, (name) => options.env?.[name]);
  const startedAt = performance.now();
  await using process = startDeno("scripts/consume.ts", args, { permissions, env: options.env });
  const use = watchProcess(process.pid);
  try {
    const { code, stderr } = await process.ended({ timeoutMs: TIMEOUT_MS });
    const wallMs = performance.now() - startedAt;
    const said = SUMMARY.exec(stderr);
    if (code !== 0 || said === null || Number(said[1]) !== options.records) {
      throw new Error(
        `Cannot measure as consume must score ${options.records} records: current value is exit code ${code}, ${
          stderr.trimEnd().split("\n").slice(-5).join("; ")
        }`,
      );
    }
    return {
      recordsPerS: Number(said[2].replaceAll(",", "")),
      wallMs,
      flagged: Number(said[3]),
      peakRssBytes: use.peakRssBytes,
      cpuSeconds: use.cpuSeconds,
    };
  } finally {
    use.stop();
  }
}

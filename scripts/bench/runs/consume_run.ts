import type { LogMode } from "../../../src/ledger/ledger.ts";
import type { EngineUrls } from "../../harness/pipeline_run.ts";
import type { RunningProcess } from "../../../src/testing/process.ts";
import { startCommand } from "../../harness/start_command.ts";
import type { Topics } from "../load/fill_stream.ts";
import { lastWords, measuredProcess, type ProcessRun } from "./measured_process.ts";

export interface ConsumeOptions extends Topics {
  /** Records in the topic: the run fails if it scores another number. */
  records: number;
  log: LogMode;
  model: string;
  env?: Record<string, string>;
  profile?: string;
  onStderr?(text: string): void;
}

export interface ConsumeRun extends ProcessRun {
  /** As the command prints it: from opened engines to everything committed and relayed. */
  recordsPerS: number;
  flagged: number;
}

const PRELOAD = new URL("./profile_preload.ts", import.meta.url).href;
const SUMMARY = /^consumed\s+(\d+) records in [\d.]+ s, ([\d,]+) a second: (\d+) flagged/m;
const COMMITTED = /^debug: committed /m;

/**
 * Runs `consume --until-empty` as its task does.
 *
 * @throws Error if it fails, or does not score every record.
 */
export async function runConsume(urls: EngineUrls, options: ConsumeOptions): Promise<ConsumeRun> {
  const { code, stdout: _, stderr, ...run } = await measuredProcess(() =>
    startConsume(urls, options, ["--until-empty", "--quiet"])
  );
  const said = SUMMARY.exec(stderr);
  if (code !== 0 || said === null || Number(said[1]) !== options.records) {
    throw new Error(
      `Cannot measure as consume must score ${options.records} records: current value is exit code ${code}, ${
        lastWords(stderr)
      }`,
    );
  }
  return { ...run, recordsPerS: Number(said[2].replaceAll(",", "")), flagged: Number(said[3]) };
}

/**
 * Milliseconds from the start of `consume` to the first verdicts in the ledger; ends it then.
 *
 * @throws Error if none comes.
 */
export async function timeToFirstVerdict(urls: EngineUrls, options: ConsumeOptions): Promise<number> {
  const startedAt = performance.now();
  await using process = startConsume(urls, options, ["--debug"]);
  return await process.until(() => COMMITTED.test(process.stderr) && performance.now() - startedAt, {
    what: "a commit",
    timeoutMs: 120_000,
  }) as number;
}

/** Starts `consume` in a consumer group of its own. */
export function startConsume(
  urls: EngineUrls,
  options: Omit<ConsumeOptions, "records">,
  flags: readonly string[],
): RunningProcess {
  const args = [
    ...["--stream", urls.stream, "--ledger", urls.ledger, "--objects", urls.objects],
    ...["--topic", options.topic, "--label-topic", options.labelTopic, "--model", options.model],
    ...["--group", crypto.randomUUID(), "--log", options.log],
    ...flags.includes("--alerts") ? flags : ["--alerts", "none", ...flags],
  ];
  const { env, onStderr, profile } = options;
  return startCommand("consume", args, {
    env,
    onStderr,
    ...profile !== undefined && {
      permissions: ["--allow-all"],
      preload: `${PRELOAD}?out=${encodeURIComponent(profile)}`,
    },
  });
}

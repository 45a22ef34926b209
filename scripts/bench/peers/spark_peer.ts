import { startProgram } from "../../../src/testing/process.ts";
import type { KafkaService, S3Service } from "../../../src/testing/services.ts";
import { simulatedRecords } from "../load/simulated_records.ts";
import { makeBucket } from "../runs/engines.ts";
import { makeFolder } from "../runs/make_folder.ts";
import { lastWords, measuredProcess, type ProcessRun } from "../runs/measured_process.ts";
import { installPeer, installSparkJars } from "./install_peer.ts";

export interface SparkRun extends ProcessRun {
  records: number;
  /** From the start of the process to the end of its first micro-batch, which stores its flagged rows. */
  firstVerdictMs: number;
  /** Records a second in micro-batches, all of them. */
  recordsPerS: number;
  /** Of all micro-batches but the first, if there are others. */
  warmRecordsPerS: number;
}

export interface SparkOptions {
  topic: string;
  /** Bucket for the flagged rows, as `s3://…`; it is made. */
  objects: string;
  /** Most records of one micro-batch (default: all). */
  maxOffsets?: number;
  /** Seconds to run after the first micro-batch (default: to the end of the topic). */
  forSeconds?: number;
}

/** The Spark job with a forest that scikit-learn fitted; disposing removes the forest. */
export interface SparkPeer extends AsyncDisposable {
  readonly name: string;
  /** Runs the job in its own process, on two of Spark's cores. */
  run(options: SparkOptions): Promise<SparkRun>;
}

const JOB = new URL("./spark_job.py", import.meta.url).pathname;
const FIT_ROWS = 100_000;

/** As the job prints it. */
interface MicroBatch {
  rows: number;
  startedAtMs: number;
  tookMs: number;
}

/**
 * Installs Spark with scikit-learn if needed, and fits its forest on simulated transactions.
 *
 * @param options `contamination` is the share of transactions to flag (default 0.01).
 * @returns The job, or why there is none on this machine.
 */
export async function openSpark(
  { kafka, minio }: { kafka: KafkaService; minio: S3Service },
  { contamination = 0.01 }: { contamination?: number } = {},
): Promise<SparkPeer | { missing: string }> {
  let [packages, jars] = ["", ""];
  try {
    jars = await installSparkJars();
    packages = await installPeer("spark");
  } catch (error) {
    if ((error as Error).name !== "UnavailableError") throw error;
    return { missing: (error as Error).message };
  }
  await using closing = new AsyncDisposableStack();
  const folder = closing.use(await makeFolder());
  const env = { PYTHONPATH: packages, AWS_ACCESS_KEY_ID: minio.user, AWS_SECRET_ACCESS_KEY: minio.password };
  const job = async (args: readonly string[]) => {
    const ended = await measuredProcess(() =>
      startProgram(["python3", JOB, ...args], { env: { ...env, OMP_NUM_THREADS: "1" } })
    );
    if (ended.code === 0) return ended;
    throw new Error(
      `Cannot measure Spark as its job must succeed: current value is exit code ${ended.code}, ${
        lastWords(ended.stderr)
      }`,
    );
  };
  const forest = `${folder.path}/forest.joblib`;
  const rows = simulatedRecords(FIT_ROWS, 2).map(({ value }) => `${value}\n`);
  await Deno.writeTextFile(`${folder.path}/rows.ndjson`, rows.join(""));
  await job(["fit", `${folder.path}/rows.ndjson`, forest, "--contamination", String(contamination)]);
  const opened = closing.move();
  return {
    name: "Spark 3.5.0 with scikit-learn",
    async run({ topic, objects, maxOffsets, forSeconds }) {
      await makeBucket(objects);
      await using checkpoint = await makeFolder();
      const args = ["run", forest, "--topic", topic, "--jars", jars, "--endpoint", minio.endpoint];
      args.push("--bootstrap", kafka.listeners.plaintext, "--checkpoint", checkpoint.path);
      args.push("--out", `s3a:/${new URL(objects).pathname}/flagged`);
      if (maxOffsets !== undefined) args.push("--max-offsets", String(maxOffsets));
      if (forSeconds !== undefined) args.push("--for-seconds", String(forSeconds));
      const startedAtMs = Date.now();
      const { code: _code, stdout, stderr: _stderr, ...run } = await job(args);
      const batches = stdout.trim().split("\n").filter((line) => line.startsWith("{"))
        .map((line): MicroBatch => JSON.parse(line)).filter(({ rows }) => rows > 0);
      if (batches.length === 0) {
        throw new Error("Cannot measure Spark as it must read records: current value is 0");
      }
      const [first, ...later] = batches;
      const warm = later.length > 0 ? later : batches;
      return {
        ...run,
        records: batches.reduce((sum, batch) => sum + batch.rows, 0),
        firstVerdictMs: first.startedAtMs + first.tookMs - startedAtMs,
        recordsPerS: rateOf(batches),
        warmRecordsPerS: rateOf(warm),
      };
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

function rateOf(batches: readonly MicroBatch[]): number {
  const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
  return rows / batches.reduce((sum, { tookMs }) => sum + tookMs, 0) * 1000;
}

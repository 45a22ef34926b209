/**
 * The fault matrix: every row, one after another, on the same two topics, for each client of the broker.
 *
 * @module
 */
import type { FaultServers } from "../fault_servers.ts";
import { RandomStream } from "../../../src/simulate/random.ts";
import { fillDisk } from "./disk_row.ts";
import { outageMs } from "./interruptions.ts";
import {
  type Baseline,
  emptyResult,
  type FaultContext,
  type FaultRow,
  type RowResult,
  runFaultRow,
} from "./row.ts";
import { consumerRows } from "./rows.ts";
import { serverRows } from "./server_rows.ts";
import { FaultStage, type FillOptions, fillTopic, type KafkaClientName } from "./stage.ts";
import type { RunningProcess } from "../../../src/testing/process.ts";

export interface FaultMatrixOptions {
  seed: number;
  records: number;
  /**
   * Shorter outages and fewer kills. Rows that do not concern the client run with the first one alone, and a row that
   * missed a deadline runs once more.
   */
  isQuick: boolean;
  clients: readonly KafkaClientName[];
  only?: readonly string[];
  /** Kills every process that the matrix started. */
  signal?: AbortSignal;
  /** Called after each row. */
  onRow(result: RowResult): void;
}

const DISK_FULL = "disk-full";

const faultRows: readonly FaultRow[] = [...consumerRows, ...serverRows];

/** Names of all rows, in the order in which they run. */
export const faultRowNames: readonly string[] = [...faultRows.map(({ name }) => name), DISK_FULL];

/**
 * Runs rows of the matrix against real servers; the first run on each topic is the uninterrupted one to compare with.
 *
 * @returns One result a row, the uninterrupted runs among them.
 * @throws RangeError for a row that is not known; Error where a topic cannot be filled.
 */
export async function runFaultMatrix(
  { services, handles }: FaultServers,
  options: FaultMatrixOptions,
): Promise<RowResult[]> {
  const { clients, isQuick, only, signal } = options;
  refuseUnknown(only);
  const wanted = (name: string) => only === undefined || only.includes(name);
  const stage = new FaultStage(services);
  const alone: RunningProcess[] = [];
  signal?.addEventListener("abort", () => {
    stage.kill();
    for (const process of alone) process.kill("SIGKILL");
  }, { once: true });
  const random = new RandomStream(options.seed, 0);
  const results: RowResult[] = [];
  const add = (result: RowResult) => {
    results.push(result);
    options.onRow(result);
  };
  const baselines = new Map<string, Baseline>();
  for (const [i, client] of clients.entries()) {
    const context: FaultContext = {
      stage,
      client,
      handles,
      isQuick,
      random: () => random.uniform(),
    };
    const isWhole = i === 0 || !isQuick;
    for (
      const row of faultRows.filter(({ name, concernsBroker }) => wanted(name) && (isWhole || concernsBroker))
    ) {
      const kind = row.topic ?? "clean";
      let baseline = baselines.get(kind);
      if (baseline === undefined) {
        const fill: FillOptions = {
          records: options.records,
          poisonEvery: kind === "poison" ? 10 : undefined,
        };
        const filled = await fillTopic(services.kafka.url, stage.topicName(kind), fill);
        const found = await uninterrupted(kind, filled, context);
        baselines.set(kind, baseline = found.baseline);
        add(found.result);
      }
      let result = await runFaultRow(row, baseline, context);
      if (result.isUnfinished && isQuick) {
        // A busy machine may miss a deadline once. What is lost or doubled at the end of a row always counts.
        options.onRow(result);
        result = await runFaultRow(row, baseline, context);
      }
      add(result);
    }
  }
  if (wanted(DISK_FULL)) add(await diskRow(options, alone));
  return results;
}

async function diskRow(
  { records, isQuick }: FaultMatrixOptions,
  alone: RunningProcess[],
): Promise<RowResult> {
  const startedAt = performance.now();
  const result = emptyResult(DISK_FULL, "embedded");
  try {
    const onStart = (process: RunningProcess) => void alone.push(process);
    await fillDisk(result, { records, outageMs: isQuick ? 3000 : outageMs({ isQuick }), onStart });
  } catch (error) {
    result.problems.push((error as Error).message);
  } finally {
    for (const process of alone) await process[Symbol.asyncDispose]();
  }
  result.tookS = (performance.now() - startedAt) / 1000;
  result.ok = result.problems.length === 0;
  return result;
}

async function uninterrupted(kind: string, filled: Baseline["filled"], context: FaultContext) {
  const baseline = { filled, flagged: [] as string[] };
  const result = await runFaultRow(
    {
      name: `uninterrupted (${kind})`,
      description: "no fault",
      async bring(run) {
        run.start();
        await run.untilEnded(600_000);
        baseline.flagged = await run.flagged();
        if (baseline.flagged.length === 0) throw new Error("Some transactions must be flagged: none is");
        return { recoveryS: 0 };
      },
    },
    baseline,
    context,
  );
  return { baseline, result };
}

function refuseUnknown(only: readonly string[] | undefined) {
  const unknown = only?.find((name) => !faultRowNames.includes(name));
  if (unknown !== undefined) {
    throw new RangeError(
      `Cannot run the row as it must be one of ${faultRowNames.join(", ")}: current value is ${unknown}`,
    );
  }
}

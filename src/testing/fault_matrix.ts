/**
 * The fault matrix: every row, one after another, on the same two topics.
 *
 * @module
 */
import type { OpenedServices } from "../../scripts/services/open_services.ts";
import { type Baseline, type FaultContext, type FaultRow, type RowResult, runFaultRow } from "./fault_row.ts";
import { consumerRows } from "./fault_rows.ts";
import { serverRows } from "./fault_server_rows.ts";
import { type FaultServices, FaultStage, type FillOptions, fillTopic } from "./fault_stage.ts";
import { RandomStream } from "../simulate/random.ts";

/** Which rows run, and how. */
export interface FaultMatrixOptions {
  /** Starts and stops the servers. */
  handles: OpenedServices["handles"];
  /** Fixes the random moments. */
  seed: number;
  /** Records in each topic. */
  records: number;
  /** Shorter outages and fewer kills. */
  isQuick: boolean;
  /** Names of the rows; all by default. */
  only?: readonly string[];
  /** Kills every process that the matrix has started; the caller ends itself then. */
  signal?: AbortSignal;
  /** Told of each row when it is over. */
  onRow(result: RowResult): void;
}

/** All rows, in the order in which they run. */
export const faultRows: readonly FaultRow[] = [...consumerRows, ...serverRows];

/**
 * Runs rows of the matrix against real servers; the first run on each topic is the uninterrupted one to compare with.
 *
 * @returns One result a row, the uninterrupted runs among them.
 * @throws RangeError for a row that is not known; Error where a topic cannot be filled.
 */
export async function runFaultMatrix(
  services: FaultServices,
  options: FaultMatrixOptions,
): Promise<RowResult[]> {
  const rows = chosenRows(options.only);
  const stage = new FaultStage(services);
  options.signal?.addEventListener("abort", () => stage.kill(), { once: true });
  const random = new RandomStream(options.seed, 0);
  const context: FaultContext = {
    stage,
    handles: options.handles,
    isQuick: options.isQuick,
    random: () => random.uniform(),
  };
  const results: RowResult[] = [];
  const baselines = new Map<string, Baseline>();
  for (const row of rows) {
    const kind = row.topic ?? "clean";
    let baseline = baselines.get(kind);
    if (baseline === undefined) {
      const fill: FillOptions = { records: options.records, poisonEvery: kind === "poison" ? 10 : undefined };
      const filled = await fillTopic(services.kafka.url, stage.topicName(kind), fill);
      const found = await uninterrupted(kind, filled, context);
      baseline = found.baseline;
      baselines.set(kind, baseline);
      results.push(found.result);
      options.onRow(found.result);
    }
    const result = await runFaultRow(row, baseline, context);
    results.push(result);
    options.onRow(result);
  }
  return results;
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

function chosenRows(only: readonly string[] | undefined): readonly FaultRow[] {
  const names = faultRows.map(({ name }) => name);
  const unknown = only?.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new RangeError(
      `Cannot run the row as it must be one of ${names.join(", ")}: current value is ${unknown}`,
    );
  }
  return only === undefined ? faultRows : faultRows.filter(({ name }) => only.includes(name));
}

/**
 * One row of the fault matrix: a fault, and what must hold after it.
 *
 * @module
 */
import type { OpenedServices } from "../../services/open_services.ts";
import type { FaultStage, FilledTopic, KafkaClientName } from "./stage.ts";
import type { PipelineRun } from "../pipeline_run.ts";
import type { FlaggedLine } from "../run_outcome.ts";
import { until } from "../../../src/testing/until.ts";

export interface FaultContext {
  stage: FaultStage;
  client: KafkaClientName;
  handles: OpenedServices["handles"];
  isQuick: boolean;
  /** The next random number in [0, 1) of the matrix's seed. */
  random(): number;
}

export interface FaultRow {
  name: string;
  description: string;
  topic?: "clean" | "poison";
  /** Whether it tests the broker's client, so that each client must pass it. */
  concernsBroker?: boolean;
  /** Starts consumers and breaks something; leaves consumers running that end by themselves. */
  bring(run: PipelineRun, context: FaultContext): Promise<Recovery>;
}

export interface Recovery {
  /** Longest time from the end of a fault to the next progress, seconds. */
  recoveryS: number;
}

/** Result of an uninterrupted run on the same topic. */
export interface Baseline {
  filled: FilledTopic;
  /** Absent: there is no such run to compare with. */
  flagged?: readonly FlaggedLine[];
}

export interface RowResult {
  row: string;
  client: KafkaClientName | "embedded";
  records: number;
  lost: number;
  /** Duplicate or unexpected records, verdicts or objects. */
  doubled: number;
  /** Alerts that came again with the same id: harmless. */
  alertsRepeated: number;
  /** Time from the end of the fault to the next commit, seconds. */
  recoveryS: number;
  peakRssMb: number;
  tookS: number;
  /** Nothing lost or doubled, and no other problem. */
  ok: boolean;
  problems: string[];
  /** Why the row cannot run on this machine; it counts as held. */
  skipped?: string;
  /** Something missed its deadline, so the row proves nothing about lost or doubled records. */
  isUnfinished?: boolean;
}

/** Heads of {@link faultFigures}. */
export const FAULT_FIGURES = [
  "row",
  "client",
  "records",
  "lost",
  "doubled",
  "repeated",
  "recovery s",
  "RSS MB",
];

/** A row's figures as text; "-" if not measured. */
export function faultFigures(row: RowResult): string[] {
  // JSON has no NaN: what was not measured comes back as null.
  const number = (value: number | null) => Number.isFinite(value) ? value!.toFixed(1) : "-";
  const counts = [row.records, row.lost, row.doubled, row.alertsRepeated].map(String);
  return [row.row, row.client, ...counts, number(row.recoveryS), number(row.peakRssMb)];
}

/** Most resident memory that a consumer may have, bytes. */
export const RSS_LIMIT_BYTES = 400_000_000;
const END_WITHIN_MS = 600_000;
const PROGRESS_MS = 180_000;
const LOST: ReadonlySet<string> = new Set([
  "alert-missing",
  "alert-not-sent",
  "dead-letter-missing",
  "gap",
  "missing",
  "not-committed",
  "not-in-objects",
  "not-stored",
  "object-missing",
]);

/** A result in which nothing is known yet. */
export function emptyResult(row: string, client: RowResult["client"]): RowResult {
  return {
    row,
    client,
    records: 0,
    lost: 0,
    doubled: 0,
    alertsRepeated: 0,
    recoveryS: NaN,
    peakRssMb: NaN,
    tookS: NaN,
    ok: false,
    problems: [],
  };
}

/**
 * Runs a row and judges it by `verify`, by the flagged rows of an uninterrupted run, by alerts and by memory.
 *
 * What the consumers did wrong is in `problems`, not thrown.
 */
export async function runFaultRow(
  row: FaultRow,
  baseline: Baseline,
  context: FaultContext,
): Promise<RowResult> {
  const startedAt = performance.now();
  const { filled } = baseline;
  const result = emptyResult(row.name, context.client);
  result.records = filled.records;
  await using run = await context.stage.openRun(filled, context.client);
  try {
    result.recoveryS = (await row.bring(run, context)).recoveryS;
    await run.untilEnded(END_WITHIN_MS);
  } catch (error) {
    result.isUnfinished = true;
    result.problems.push((error as Error).message);
  }
  try {
    await judge(run, baseline, result);
  } catch (error) {
    result.problems.push((error as Error).message);
  }
  result.peakRssMb = run.peakRssBytes / 1e6;
  if (run.peakRssBytes === 0) result.problems.push("memory must be known: no consumer's was read");
  if (run.peakRssBytes >= RSS_LIMIT_BYTES) {
    result.problems.push(`memory must stay below ${RSS_LIMIT_BYTES / 1e6} MB`);
  }
  result.tookS = (performance.now() - startedAt) / 1000;
  result.ok = result.problems.length === 0;
  return result;
}

/** Judges a run by `verify`, by the flagged rows of another one, and by its alerts. */
export async function judge(
  run: PipelineRun,
  { filled, flagged }: Baseline,
  result: RowResult,
): Promise<void> {
  const found = await run.verify();
  for (const { kind, count, examples } of found.problems) {
    if (LOST.has(kind)) result.lost += count;
    else result.doubled += count;
    result.problems.push(`${kind}: ${count}, such as ${examples[0]}`);
  }
  if (found.offsets !== filled.records || found.deadLetters !== filled.poison) {
    result.problems.push(
      `verify must see ${filled.records} records and ${filled.poison} dead letters: ` +
        `current value is ${found.offsets} and ${found.deadLetters}`,
    );
  }
  const lines = await run.flagged();
  const [expected, actual] = [new Set(flagged ?? lines), new Set(lines)];
  const missing = [...expected.difference(actual)];
  const unexpected = [...actual.difference(expected)];
  result.lost += missing.length;
  result.doubled += unexpected.length + lines.length - actual.size;
  if (missing.length + unexpected.length > 0) {
    result.problems.push(
      `flagged: ${missing.length} missing, ${unexpected.length} unexpected, such as ${
        [...missing, ...unexpected].slice(0, 3).join(", ")
      }`,
    );
  }
  const alerts = await run.alerts();
  const places = new Set(lines.map((line) => line.split(" ")[0]));
  const untold = places.difference(alerts.ids);
  const unfounded = alerts.ids.difference(places);
  result.alertsRepeated = alerts.received - alerts.ids.size;
  result.lost += untold.size;
  if (untold.size + unfounded.size > 0) {
    result.problems.push(`alerts: ${untold.size} never came, ${unfounded.size} of what is not flagged`);
  }
}

/**
 * Waits until something has grown, and says how long that took.
 *
 * @param run What its consumers said is in the error where nothing grows for three minutes.
 * @param value The number of what is done, such as records committed.
 * @param enough Where `value` cannot grow beyond this, the fault came too late to show anything.
 * @returns Seconds.
 */
export async function secondsToProgress(
  run: PipelineRun,
  value: () => Promise<number>,
  enough: number,
): Promise<number> {
  const startedAt = performance.now();
  const before = await value();
  if (before >= enough) {
    throw new Error(`The fault must end while there is work: current value is ${before} of ${enough} done`);
  }
  await run.attend(
    until(async () => await value() > before, { timeoutMs: PROGRESS_MS, what: `progress beyond ${before}` }),
  );
  return (performance.now() - startedAt) / 1000;
}

/** Sleeps: the length of the fault itself. */
export function lasting(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

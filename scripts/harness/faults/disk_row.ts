/**
 * The row of the matrix in which the disk of the embedded engines is full.
 *
 * @module
 */
import { openSqliteBroker } from "../../../src/broker/sqlite/broker.ts";
import type { Verification } from "../../../src/verify/verify.ts";
import { committedState } from "../committed_state.ts";
import { embeddedArgs, makeEmbeddedRun } from "../../../src/testing/embedded_run.ts";
import { watchProcess } from "../process_use.ts";
import { startCommand } from "../start_command.ts";
import { lasting, type RowResult, RSS_LIMIT_BYTES } from "./row.ts";
import type { RunningProcess } from "../../../src/testing/process.ts";
import { alertsReceived } from "../run_outcome.ts";
import { openSmallDisk } from "../small_disk.ts";

export interface DiskRowOptions {
  records: number;
  /** How long the disk stays full. */
  outageMs: number;
  /** Called with each process, to kill when the matrix is interrupted. */
  onStart(process: RunningProcess): void;
}

const ENDS_WITHIN_MS = 600_000;
const FULL_WITHIN_MS = 300_000;
/** Share of the run's output that fits at first. */
const ROOM_SHARE = 0.3;
const SLACK_KB = 8192;
const FLAGS = [
  "--until-empty",
  "--alerts",
  "topic",
  "--max-batch-records",
  "256",
  "--flush-interval",
  "500ms",
];

/**
 * Consumes an embedded stream on a disk that fills up, makes room after the outage, and compares with a whole run.
 *
 * @param result Filled in; its `skipped` says why no small disk can be mounted here.
 */
export async function fillDisk(result: RowResult, options: DiskRowOptions): Promise<void> {
  const probe = await openSmallDisk(1024);
  if (typeof probe === "string") {
    result.skipped = `no small file system can be mounted: ${probe}`;
    return;
  }
  await probe[Symbol.asyncDispose]();
  const folders = await Promise.all(
    ["source", "whole", "after"].map((prefix) => Deno.makeTempDir({ prefix })),
  );
  try {
    await run(folders, result, options);
  } finally {
    for (const folder of folders) await Deno.remove(folder, { recursive: true });
  }
}

async function run([source, whole, after]: string[], result: RowResult, options: DiskRowOptions) {
  const { records, outageMs, onStart } = options;
  result.records = await makeEmbeddedRun(source, { count: records, faults: ["not JSON"], faultEvery: 500 });
  await copy(source, whole);
  const wholeRun = startConsumer(whole, onStart);
  const { code, stderr } = await wholeRun.ended({ timeoutMs: ENDS_WITHIN_MS });
  if (code !== 0) throw new Error(`The uninterrupted run must exit with 0: it was ${code}: ${stderr}`);
  const [sourceKb, wholeKb] = [await sizeKb(source), await sizeKb(whole)];
  // SQLite's journal needs some room beside what is kept.
  const diskKb = wholeKb + SLACK_KB;
  const ballastKb = Math.floor(diskKb - sourceKb - (wholeKb - sourceKb) * ROOM_SHARE);
  const disk = await openSmallDisk(diskKb);
  if (typeof disk === "string") throw new Error(`Cannot mount the disk: ${disk}`);
  await using _ = disk;
  await disk.run('cp -r "$2"/. "$1" && head -c "$3"k /dev/zero > "$1/ballast"', source, String(ballastKb));
  await using consumer = startConsumer(disk.folder, onStart, disk.through);
  const use = watchProcess(consumer.pid);
  const isFull = () =>
    /trying again/.test(consumer.stderr) && /full|No space|disk I\/O/i.test(consumer.stderr);
  await consumer.until(isFull, { timeoutMs: FULL_WITHIN_MS, what: "trouble with the disk" });
  await lasting(outageMs);
  if (consumer.hasEnded) throw new Error(`The consumer must wait for room: it ended: ${consumer.stderr}`);
  await disk.run('rm "$1/ballast"');
  const roomAt = performance.now();
  await consumer.until(() => consumer.stderr.includes("works again"), {
    timeoutMs: FULL_WITHIN_MS,
    what: "work after room was made",
  });
  result.recoveryS = (performance.now() - roomAt) / 1000;
  const ended = await consumer.ended({ timeoutMs: ENDS_WITHIN_MS });
  if (ended.code !== 0) {
    throw new Error(`The consumer must exit with 0: it was ${ended.code}: ${ended.stderr}`);
  }
  use.stop();
  result.peakRssMb = use.peakRssBytes / 1e6;
  if (use.peakRssBytes >= RSS_LIMIT_BYTES) {
    result.problems.push(`memory must stay below ${RSS_LIMIT_BYTES / 1e6} MB`);
  }
  await disk.run('cp -r "$1"/. "$2"', after);
  await judge(whole, after, result);
}

async function judge(whole: string, after: string, result: RowResult): Promise<void> {
  const engines = embeddedArgs(after, ["stream", "ledger", "objects"]);
  await using verifying = startCommand("verify", [...engines, "--json"]);
  const found = JSON.parse((await verifying.ended({ timeoutMs: ENDS_WITHIN_MS })).stdout) as Verification;
  for (const { kind, count, examples } of found.problems) {
    result.problems.push(`${kind}: ${count}, such as ${examples[0]}`);
  }
  const [expected, actual] = [await committedState(whole), await committedState(after)];
  for (const part of ["log", "flagged", "deadLetters"] as const) {
    const [wanted, there] = [new Set(expected[part]), new Set(actual[part])];
    const [lost, doubled] = [wanted.difference(there), there.difference(wanted)];
    result.lost += lost.size;
    result.doubled += doubled.size + actual[part].length - there.size;
    if (lost.size + doubled.size > 0) {
      result.problems.push(`${part}: ${lost.size} missing, ${doubled.size} unexpected`);
    }
  }
  await using broker = openSqliteBroker(`${after}/stream.db`);
  const told = await alertsReceived(broker, "transactions");
  const untold = expected.flagged.filter((line) => !told.ids.has(line.split(" ").slice(0, 3).join("/")));
  result.lost += untold.length;
  result.alertsRepeated = told.received - told.ids.size;
  if (untold.length > 0) result.problems.push(`alerts: ${untold.length} never came`);
}

function startConsumer(
  folder: string,
  onStart: (process: RunningProcess) => void,
  through?: readonly string[],
): RunningProcess {
  const consumer = startCommand("consume", [...embeddedArgs(folder), ...FLAGS], { through });
  onStart(consumer);
  return consumer;
}

async function copy(from: string, to: string): Promise<void> {
  const { success } = await new Deno.Command("cp", { args: ["-r", `${from}/.`, to] }).output();
  if (!success) throw new Error(`Cannot copy ${from} to ${to}`);
}

async function sizeKb(folder: string): Promise<number> {
  const { stdout } = await new Deno.Command("du", { args: ["-sk", folder] }).output();
  return parseInt(new TextDecoder().decode(stdout));
}

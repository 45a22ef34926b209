import { openBroker } from "../../../src/adapters.ts";
import { describeVerdict } from "../../../src/alerts/describe.ts";
import { detectEvents, measureDetection } from "../../../src/evaluate/detection.ts";
import { writeCard } from "../../../src/forest/card.ts";
import { saveModel } from "../../../src/forest/save.ts";
import type { Ledger } from "../../../src/ledger/ledger.ts";
import { produceEvents } from "../../../src/simulate/produce.ts";
import { simulate } from "../../../src/simulate/simulate.ts";
import { verify } from "../../../src/verify/verify.ts";
import { isLoopback, parseAddress } from "../../../src/http/address.ts";
import { openService, type Service } from "../../../src/service.ts";
import { runOpenDemo } from "./open.ts";
import { type DemoResult, describeDemo } from "./report.ts";
import { demoConfig, runBeside } from "./run_beside.ts";
import { trainDemoModels } from "./training.ts";
import { endingSignal } from "../../cli/ending_signal.ts";
import { onInterrupt } from "../../cli/on_interrupt.ts";
import { startProgress } from "../../cli/progress.ts";
import type { DemoFlags } from "../demo.ts";
import { OPEN_ADDRESS, OPEN_RATE_PER_S, RATE_PER_S } from "./defaults.ts";
import { UsageError } from "../../cli/run_command.ts";
import { removeDatabase, removeIfThere } from "../../cli/remove_if_there.ts";

const TOPICS = { topic: "transactions", labelTopic: "labels" };
/** Records that are no transactions, mixed in to show what becomes of them. */
const BROKEN = [
  "not JSON",
  "{}",
  '{"transaction_id":"b1","customer_id":"c1","terminal_id":"t1","amount":-5,"timestamp":"2026-01-01T00:00:00Z"}',
  '{"transaction_id":"b2","customer_id":"c1","terminal_id":"t1","amount":1,"amount":2,"timestamp":"2026-01-01T00:00:00Z"}',
];

/** Runs the demo, and shows the catch. */
export async function demo(flags: DemoFlags): Promise<void> {
  const { dir } = flags;
  if (flags.open) checkOpen(flags);
  else if (flags.http !== undefined) {
    throw new UsageError("Cannot serve the page as --open must be given: it is not");
  }
  const startedAt = performance.now();
  await removeDemo(dir);
  const say = (text: string) => console.error(text);
  say(`${flags.open ? "demo:" : "1/4 "} train a forest on simulated transactions of another seed`);
  const { shipped, trainRaw } = await trainDemoModels(flags.seed);
  await saveModel(`${dir}/model`, shipped, writeCard(shipped.manifest));
  if (flags.open) {
    const { count, seed, http = parseAddress(OPEN_ADDRESS), rate = OPEN_RATE_PER_S } = flags;
    return await runOpenDemo({ dir, count, seed, http, ratePerS: rate, topics: TOPICS, broken: BROKEN });
  }
  say(
    `2/4  produce ${flags.count.toLocaleString("en-US")} transactions at ${
      (flags.rate ?? RATE_PER_S).toLocaleString("en-US")
    }/s, score them as they come`,
  );
  await using service = await openService(demoConfig(dir), { group: "demo" });
  const { broker, ledger, store } = service.parts;
  const streamedAt = performance.now();
  if (!await stream(flags, service)) {
    const { records = 0 } = Object.fromEntries(service.parts.telemetry.counters());
    say(
      `demo: interrupted after ${records} records: nothing is verified and nothing compared; they are in ${dir}`,
    );
    Deno.exitCode = 1;
    return;
  }
  using _ = onInterrupt("demo", () => `before the end: nothing is compared; what was scored is in ${dir}`);
  const streamedMs = performance.now() - streamedAt;
  say(`3/4  verify that every record is accounted for once`);
  const verification = await verify({ broker, ledger, store, topic: TOPICS.topic });
  say(
    `4/4  compare with the simulator's labels, and with a forest that sees amount, hour and weekday alone\n`,
  );
  const result: DemoResult = {
    ...await ledger.summary(TOPICS.topic),
    recordsPerS: verification.offsets / (streamedMs / 1000),
    detection: await measureDetection(broker, ledger, TOPICS),
    rawDetection: await detectEvents(demoEvents(flags), await trainRaw()),
    verification,
    examples: await examplesOf(ledger),
    objectsDir: `${dir}/objects/flagged`,
    dir,
    seconds: (performance.now() - startedAt) / 1000,
  };
  console.log(flags.json ? JSON.stringify(result, null, 2) : describeDemo(result));
  if (!verification.ok) Deno.exitCode = 1;
}

function checkOpen({ json, http }: DemoFlags): void {
  if (json) throw new UsageError("Cannot print results as JSON as the demo must end for it: --open goes on");
  if (http !== undefined && !isLoopback(http)) {
    throw new UsageError(
      `Cannot serve the demo's page as its address must be this machine's own: current value is ${http.hostname}`,
    );
  }
}

async function removeDemo(dir: string) {
  // Only what a demo made is removed, whatever else the folder holds.
  for (const name of ["stream.db", "ledger.db"]) await removeDatabase(`${dir}/${name}`);
  for (const name of ["objects", "model"]) await removeIfThere(`${dir}/${name}`);
}

/** Produces and consumes at the same time until everything is committed and relayed; false where it is interrupted. */
async function stream(flags: DemoFlags, service: Service): Promise<boolean> {
  using ending = endingSignal("demo");
  const { broker, telemetry } = service.parts;
  const progress = startProgress("demo", { total: flags.count, unit: "records" });
  await broker.ensureTopic(TOPICS.topic);
  await broker.ensureTopic(TOPICS.labelTopic);
  const onCommit = () => {
    const records = telemetry.counters().get("records") ?? 0;
    progress.update(records, records);
  };
  await runBeside(service, { signal: ending.signal, onCommit }, (signal) => produceAll(flags, signal));
  await service.run({ untilEmpty: true, signal: ending.signal, onCommit });
  progress.stop();
  return !ending.signal.aborted;
}

function demoEvents({ seed, count }: DemoFlags) {
  return simulate({ randomSeed: seed, count, start: new Date("2026-01-01T00:00:00Z") });
}

async function produceAll(flags: DemoFlags, signal: AbortSignal) {
  const { rate = RATE_PER_S, dir } = flags;
  await using broker = await openBroker(`sqlite:${dir}/stream.db`);
  await produceEvents(broker, demoEvents(flags), {
    ...TOPICS,
    ratePerS: rate,
    signal,
  });
  await broker.produce(TOPICS.topic, BROKEN.map((value) => ({ key: null, value })));
}

/** Three flagged transactions: the most anomalous ones, in words. */
async function examplesOf(ledger: Ledger): Promise<string[]> {
  const flagged = await ledger.flaggedAfter(TOPICS.topic, 0, -1, 1_000_000);
  return flagged.sort((a, b) => b.anomalyScore - a.anomalyScore).slice(0, 3)
    .map(({ verdict }) => describeVerdict(JSON.parse(verdict)));
}

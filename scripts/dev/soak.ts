/**
 * `deno task soak`: consuming at full speed while the object store is down for part of the time.
 *
 * @module
 */
import { Command, InvalidArgumentError } from "commander";
import { openBroker } from "../../src/adapters.ts";
import { pause } from "../../src/runtime/retry.ts";
import { produceEvents } from "../../src/simulate/produce.ts";
import { simulate } from "../../src/simulate/simulate.ts";
import { RSS_LIMIT_BYTES } from "../harness/faults/row.ts";
import { type FaultServices, FaultStage, PARTITIONS } from "../harness/faults/stage.ts";
import { ObjectLatency } from "../harness/object_latency.ts";
import type { PipelineRun } from "../harness/pipeline_run.ts";
import { openProxy } from "../../src/testing/proxy.ts";
import { until } from "../../src/testing/until.ts";
import { decimalNumber } from "../cli/options/values.ts";
import { runAsProgram } from "../cli/run_command.ts";
import { openServices } from "../services/open_services.ts";

interface SoakFlags {
  minutes: number;
  downShare: number;
}

const LOOK_MS = 250;
const LINES_A_PHASE = 3;
/** Records that wait for the consumer at most; it is never without. */
const BACKLOG_RECORDS = 200_000;
const CHUNK_EVENTS = 20_000;
/** So many that an hour of theirs is some seconds' work: an object holds the flagged ones of an hour. */
const CUSTOMERS = 50_000;
/** As where nothing is said; the rows of the matrix take one far more often, which is work of another kind. */
const SNAPSHOT_RECORDS = 200_000;
const END_WITHIN_MS = 600_000;
/** Time after an outage within which the objects must be as near as before it: that of the outage, and no less than this. */
const RECOVERED_WITHIN_MS = 60_000;
/** A wait that counts as none: the interval of flushes, and a busy machine's turns. */
const NEAR_MS = 3000;

/** The command `soak`. */
export const soakCommand: Command = new Command("soak")
  .description("Consume at full speed while the object store is down for part of the time.")
  .option("--minutes <n>", "how long", decimalNumber(0), 10)
  .option("--down-share <share>", "share of the time that the store is down", share, 0.5)
  .addHelpText(
    "after",
    "\nExit codes: 0 memory stayed bounded, objects caught up and all was stored, or the servers cannot be installed " +
      "here; 1 it did not; 2 wrong use.",
  )
  .action(soak);

async function soak({ minutes, downShare }: SoakFlags): Promise<void> {
  const { handles, unavailable, failed } = await openServices({ report: (line) => console.error(line) });
  if (unavailable.size > 0) {
    for (const [name, why] of unavailable) console.log(`skipped: ${name} cannot be installed here: ${why}`);
    return;
  }
  if (failed.size > 0) {
    const [cause] = failed.values();
    throw new Error(`Cannot soak as every server must start: current value is ${cause.message}`, { cause });
  }
  const services = Object.fromEntries(
    Object.values(handles).map((handle) => [handle.name, handle.service]),
  ) as unknown as FaultServices;
  const stage = new FaultStage(services);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => {
      stage.kill();
      Deno.exit(130);
    });
  }
  const topic = stage.topicName("soak");
  const labelTopic = `${topic}.labels`;
  await using broker = await openBroker(services.kafka.url);
  await broker.ensureTopic(topic, { partitions: PARTITIONS });
  await broker.ensureTopic(labelTopic);
  await using run = await stage.openRun({ topic, labelTopic, records: 0, poison: 0 });
  await using proxy = openProxy({ target: { port: services.minio.port } });
  const feeding = new AbortController();
  const fed = feed(run, (events) => produceEvents(broker, events, { topic, labelTopic }), feeding.signal);
  run.start({
    endless: true,
    flags: [
      ...["--max-batch-records", "4096", "--snapshot-records", String(SNAPSHOT_RECORDS)],
      ...["--flush-rows", "10000", "--flush-interval", "2s"],
    ],
    urls: { objects: FaultStage.through(run.urls.objects, proxy.port) },
  });
  await run.attend(
    until(async () => await run.committed() > 0, { timeoutMs: 120_000, what: "the first commit" }),
  );
  const watch = new Watch(run);
  const cycles = Math.max(2, Math.min(5, Math.floor(minutes / 2)));
  const cycleMs = minutes * 60_000 / cycles;
  console.log("   time s  store    committed  records/s   objects wait s     RSS MB    peak MB");
  let slowestS = 0;
  // The store is up at first: what the objects wait for then is what they must come back to.
  await watch.phase("up", cycleMs * (1 - downShare) / 2);
  const usualMs = Math.max(NEAR_MS, 2 * watch.longestMs);
  for (let cycle = 0; cycle < cycles; cycle++) {
    proxy.refuse();
    await watch.phase("down", cycleMs * downShare);
    proxy.resume();
    const backAt = performance.now();
    slowestS = Math.max(
      slowestS,
      await watch.secondsUntilNear(usualMs, Math.max(RECOVERED_WITHIN_MS, cycleMs * downShare)),
    );
    await watch.phase("up", Math.max(0, cycleMs * (1 - downShare) - (performance.now() - backAt)));
  }
  const committed = await run.committed();
  feeding.abort();
  const records = await fed;
  for (const consumer of run.consumers) consumer.kill("SIGTERM");
  await run.untilEnded(END_WITHIN_MS);
  run.start();
  await run.untilEnded(END_WITHIN_MS);
  const { ok, problems } = await run.verify();
  const rssMb = run.peakRssBytes / 1e6;
  console.log(
    `${committed} of ${records} records in ${minutes} min; peak RSS ${rssMb.toFixed(0)} MB; objects waited ` +
      `${(usualMs / 1000).toFixed(1)} s at most before, and again ${
        slowestS.toFixed(1)
      } s after an outage of ` +
      `${(cycleMs * downShare / 1000).toFixed(0)} s at most; verify ${ok ? "ok" : JSON.stringify(problems)}`,
  );
  if (!ok || run.peakRssBytes >= RSS_LIMIT_BYTES || !Number.isFinite(slowestS)) Deno.exitCode = 1;
}

/** Produces while the consumer keeps up, until the signal aborts; returns the number of transactions. */
async function feed(
  run: PipelineRun,
  produce: (
    events: Iterable<ReturnType<typeof simulate> extends Iterable<infer T> ? T : never>,
  ) => Promise<unknown>,
  signal: AbortSignal,
): Promise<number> {
  let produced = 0;
  let chunk = [];
  for (const event of simulate({ randomSeed: 11, start: Date.UTC(2026, 0, 1), nCustomers: CUSTOMERS })) {
    if (signal.aborted) break;
    chunk.push(event);
    if (chunk.length < CHUNK_EVENTS) continue;
    await produce(chunk);
    produced += chunk.filter(({ kind }) => kind === "transaction").length;
    chunk = [];
    while (!signal.aborted && produced - await run.committed() > BACKLOG_RECORDS) {
      await pause(LOOK_MS, signal);
    }
  }
  return produced;
}

/** Looks at the run again and again. */
class Watch {
  readonly #run: PipelineRun;
  readonly #latency = new ObjectLatency();
  readonly #startedAt = performance.now();
  #before = { committed: 0, at: performance.now() };
  /** Longest wait of objects so far, milliseconds. */
  longestMs = 0;

  constructor(run: PipelineRun) {
    this.#run = run;
  }

  /** Watches for a time, and prints some lines. */
  async phase(store: string, ms: number): Promise<void> {
    const startedAt = performance.now();
    for (let line = 1; line <= LINES_A_PHASE; line++) {
      let waitMs: number;
      do {
        await pause(LOOK_MS, undefined);
        waitMs = await this.#look();
      } while (performance.now() - startedAt < ms * line / LINES_A_PHASE);
      await this.#print(store, waitMs);
    }
  }

  /** Seconds until objects wait no longer than this; Infinity where they still do after the time. */
  async secondsUntilNear(nearMs: number, withinMs: number): Promise<number> {
    const startedAt = performance.now();
    for (;;) {
      const passedMs = performance.now() - startedAt;
      if (await this.#look() <= nearMs) return passedMs / 1000;
      if (passedMs > withinMs) return Infinity;
      await pause(LOOK_MS, undefined);
    }
  }

  async #look(): Promise<number> {
    const waitMs = this.#latency.observe(performance.now(), await this.#run.positions());
    this.longestMs = Math.max(this.longestMs, waitMs);
    return waitMs;
  }

  async #print(store: string, waitMs: number): Promise<void> {
    const committed = await this.#run.committed();
    const at = performance.now();
    const speed = (committed - this.#before.committed) / (at - this.#before.at) * 1000;
    this.#before = { committed, at };
    const seconds = ((at - this.#startedAt) / 1000).toFixed(0).padStart(9);
    const megabytes = [this.#run.rssBytes(), this.#run.peakRssBytes].map((bytes) => (bytes / 1e6).toFixed(0));
    console.log(
      [seconds, store.padEnd(5), String(committed).padStart(12), speed.toFixed(0).padStart(10)].join(" ") +
        (waitMs / 1000).toFixed(1).padStart(17) + megabytes.map((text) => text.padStart(11)).join(""),
    );
  }
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value < 1)) {
    throw new InvalidArgumentError(`It must be at least 0 and less than 1: current value is ${text}`);
  }
  return value;
}

if (import.meta.main) await runAsProgram(soakCommand);

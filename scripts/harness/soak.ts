/**
 * Consuming at full speed while the object store is down for part of the time.
 *
 * @module
 */
import { openBroker } from "../../src/adapters.ts";
import type { Broker } from "../../src/broker/broker.ts";
import { pause } from "../../src/runtime/retry.ts";
import { produceEvents } from "../../src/simulate/produce.ts";
import { simulate } from "../../src/simulate/simulate.ts";
import { openProxy, type Proxy } from "../../src/testing/proxy.ts";
import { until } from "../../src/testing/until.ts";
import { onInterrupt } from "../cli/on_interrupt.ts";
import { RSS_LIMIT_BYTES } from "./faults/row.ts";
import { type FaultServices, FaultStage, PARTITIONS } from "./faults/stage.ts";
import { ObjectLatency } from "./object_latency.ts";
import type { PipelineRun } from "./pipeline_run.ts";

export interface SoakOptions {
  minutes: number;
  /** Share of the time that the store is down, in [0, 1). */
  downShare: number;
}

interface Topics {
  topic: string;
  labelTopic: string;
}

const LOOK_MS = 250;
const LINES_A_PHASE = 3;
/** Most records that wait for the consumer, which never runs dry. */
const BACKLOG_RECORDS = 200_000;
const CHUNK_EVENTS = 20_000;
/** So many that an hour of event time takes seconds: an object holds the flagged rows of an hour. */
const CUSTOMERS = 50_000;
/** The default of `consume`; rows of the fault matrix take snapshots far more often. */
const SNAPSHOT_RECORDS = 200_000;
const END_WITHIN_MS = 600_000;
/** Least time after an outage in which objects must catch up; a longer outage allows its own length. */
const RECOVERED_WITHIN_MS = 60_000;
/** A wait that counts as none: the flush interval, and delays of a busy machine. */
const NEAR_MS = 3000;

/**
 * Soaks the pipeline and prints its course.
 *
 * @returns Whether memory stayed bounded, objects caught up after each outage, and everything was stored.
 */
export async function soak(services: FaultServices, options: SoakOptions): Promise<boolean> {
  const stage = new FaultStage(services);
  using _ending = onInterrupt("soak", () => stage.kill());
  const topic = stage.topicName("soak");
  const topics = { topic, labelTopic: `${topic}.labels` };
  await using broker = await openBroker(services.kafka.url);
  await broker.ensureTopic(topic, { partitions: PARTITIONS });
  await broker.ensureTopic(topics.labelTopic);
  await using run = await stage.openRun({ ...topics, records: 0, poison: 0 });
  await using proxy = openProxy({ target: { port: services.minio.port } });
  const feeding = new AbortController();
  const fed = feed(run, broker, topics, feeding.signal);
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
  const { usualS, outageS, slowestS } = await outages(run, proxy, options);
  const committed = await run.committed();
  feeding.abort();
  const records = await fed;
  for (const consumer of run.consumers) consumer.kill("SIGTERM");
  await run.untilEnded(END_WITHIN_MS);
  run.start();
  await run.untilEnded(END_WITHIN_MS);
  const { ok, problems } = await run.verify();
  console.log(
    `${committed} of ${records} records in ${options.minutes} min; ` +
      `peak RSS ${(run.peakRssBytes / 1e6).toFixed(0)} MB; objects waited ${
        usualS.toFixed(1)
      } s at most before, ` +
      `and again ${slowestS.toFixed(1)} s after an outage of ${outageS.toFixed(0)} s at most; ` +
      `verify ${ok ? "ok" : JSON.stringify(problems)}`,
  );
  return ok && run.peakRssBytes < RSS_LIMIT_BYTES && Number.isFinite(slowestS);
}

/** Takes the store down and up again; `slowestS` is the longest time until objects caught up after an outage. */
async function outages(run: PipelineRun, proxy: Proxy, { minutes, downShare }: SoakOptions) {
  const watch = new Watch(run);
  const cycles = Math.max(2, Math.min(5, Math.floor(minutes / 2)));
  const cycleMs = minutes * 60_000 / cycles;
  const [downMs, upMs] = [cycleMs * downShare, cycleMs * (1 - downShare)];
  console.log("   time s  store    committed  records/s   objects wait s     RSS MB    peak MB");
  let slowestS = 0;
  // The store is up at first, which shows how long objects usually wait.
  await watch.phase("up", upMs / 2);
  const usualMs = Math.max(NEAR_MS, 2 * watch.longestMs);
  for (let cycle = 0; cycle < cycles; cycle++) {
    proxy.refuse();
    await watch.phase("down", downMs);
    proxy.resume();
    const backAt = performance.now();
    const recoveredS = await watch.secondsUntilNear(usualMs, Math.max(RECOVERED_WITHIN_MS, downMs));
    slowestS = Math.max(slowestS, recoveredS);
    await watch.phase("up", Math.max(0, upMs - (performance.now() - backAt)));
  }
  return { usualS: usualMs / 1000, outageS: downMs / 1000, slowestS };
}

/** Produces while the consumer keeps up, until the signal aborts; returns the number of transactions. */
async function feed(run: PipelineRun, broker: Broker, topics: Topics, signal: AbortSignal): Promise<number> {
  let produced = 0;
  let chunk = [];
  for (const event of simulate({ randomSeed: 11, start: Date.UTC(2026, 0, 1), nCustomers: CUSTOMERS })) {
    if (signal.aborted) break;
    chunk.push(event);
    if (chunk.length < CHUNK_EVENTS) continue;
    produced += (await produceEvents(broker, chunk, topics)).transactions;
    chunk = [];
    while (!signal.aborted && produced - await run.committed() > BACKLOG_RECORDS) {
      await pause(LOOK_MS, signal);
    }
  }
  return produced;
}

class Watch {
  readonly #run: PipelineRun;
  readonly #latency = new ObjectLatency();
  readonly #startedAt = performance.now();
  #before = { committed: 0, at: performance.now() };
  /** Longest wait of objects so far. */
  longestMs = 0;

  constructor(run: PipelineRun) {
    this.#run = run;
  }

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

  /** Seconds until objects wait no longer than `nearMs`; Infinity if they still do after `withinMs`. */
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

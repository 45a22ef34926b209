/**
 * Latency of transactions at a steady rate: produced to committed, to the alert, and to the object.
 * Produced: the record's timestamp, when the client got it. Committed: when `consume --debug` says so. An alert counts
 * when a reader of its topic has it, an object by the store's own time.
 *
 * @module
 */
import { ALERT_TOPIC } from "../../../src/alerts/topic.ts";
import { openBroker, openObjects } from "../../../src/adapters.ts";
import type { Broker } from "../../../src/broker/broker.ts";
import type { EngineUrls } from "../../harness/pipeline_run.ts";
import { until } from "../../../src/testing/until.ts";
import { startConsume } from "./consume_run.ts";
import { listBucket } from "./engines.ts";
import type { KafkaClientName } from "../../harness/faults/stage.ts";
import { watchProcess } from "../../harness/process_use.ts";
import { startSteadyProducer, type SteadyProducer } from "../load/steady_producer.ts";

export interface LatencyOptions {
  ratePerS: number;
  seconds: number;
  model: string;
  kafkaClient?: KafkaClientName;
  partitions?: number;
}

/** Milliseconds of each transaction that counts (alerts and objects: of each flagged one). */
export interface LatencyRun {
  committedMs: number[];
  /** From produced to the alert's arrival. */
  alertMs: number[];
  /** From produced to stored in an object; empty if objects are files. */
  objectMs: number[];
  /** Processor time of the consumer a second. */
  cores: number;
}

/** Seconds after the first commit that do not count. */
const WARM_UP_S = 5;
const FLUSH_INTERVAL = "1s";
const COMMIT = /^debug: committed \S+\/(\d+) up to offset (\d+):/gm;

/** When each partition's offsets below `nextOffset` were committed. */
type Milestones = Map<number, { nextOffset: number; atMs: number }[]>;

/**
 * Starts a producer and `consume` on a new topic, and ends them when enough has come.
 *
 * @throws Error where the consumer ends, or does not get through.
 */
export async function runLatency(urls: EngineUrls, options: LatencyOptions): Promise<LatencyRun> {
  const { ratePerS, seconds, model, kafkaClient, partitions = 1 } = options;
  await using broker = await openBroker(urls.stream, { kafkaClient });
  const topic = `latency-${crypto.randomUUID()}`;
  const topics = { topic, labelTopic: `${topic}.labels` };
  await broker.ensureTopic(topic, { partitions });
  await broker.ensureTopic(topics.labelTopic);
  await broker.ensureTopic(ALERT_TOPIC);
  const alerts = await listenToAlerts(broker, topic);
  const commits: Milestones = new Map();
  let text = "";
  await using consumer = startConsume(urls, {
    ...{ ...topics, model, log: "all" },
    env: kafkaClient && { KAFKA_CLIENT: kafkaClient },
    onStderr(more) {
      text += more;
      const end = text.lastIndexOf("\n") + 1;
      noteCommits(text.slice(0, end), commits);
      text = text.slice(end);
    },
  }, ["--debug", "--alerts", "topic", "--flush-interval", FLUSH_INTERVAL]);
  const use = watchProcess(consumer.pid);
  try {
    await using producer = startSteadyProducer(broker, topic, ratePerS);
    await consumer.until(() => commits.size > 0, { what: "a commit", timeoutMs: 120_000 });
    await consumer.until(elapsed(WARM_UP_S), { what: "the warm-up", timeoutMs: 1000 * (WARM_UP_S + 60) });
    const [fromMs, cpuFrom] = [Date.now(), use.cpuSeconds];
    await consumer.until(elapsed(seconds), { what: "enough records", timeoutMs: 1000 * (seconds + 60) });
    const [toMs, cpuTo] = [Date.now(), use.cpuSeconds];
    await producer.stop();
    const ends = await broker.offsets(topic);
    const isCommitted = () =>
      ends.every(({ partition, endOffset }) =>
        endOffset === 0 || (commits.get(partition)?.at(-1)?.nextOffset ?? 0) >= endOffset
      );
    await consumer.until(isCommitted, { what: "the last commit", timeoutMs: 60_000 });
    const produced = await producedTimes(broker, topic, producer, { fromMs, toMs });
    const alertMs = await alerts.stop(produced);
    // Its last cut is made and written before it ends.
    consumer.kill("SIGTERM");
    const { code, stderr } = await consumer.ended();
    if (code !== 0) throw new Error(`Cannot measure as consume must end well: current value is ${stderr}`);
    return {
      committedMs: [...produced].map(([id, atMs]) => committedAt(id, commits) - atMs),
      alertMs,
      objectMs: urls.objects.startsWith("s3:") ? await objectTimes(urls.objects, produced) : [],
      cores: (cpuTo - cpuFrom) * 1000 / (toMs - fromMs),
    };
  } finally {
    use.stop();
    await alerts.stop(new Map());
  }
}

function elapsed(seconds: number): () => boolean {
  const startedAt = performance.now();
  return () => performance.now() - startedAt >= 1000 * seconds;
}

function noteCommits(lines: string, commits: Milestones): void {
  const atMs = Date.now();
  for (const [, partition, nextOffset] of lines.matchAll(COMMIT)) {
    const known = commits.get(Number(partition)) ?? [];
    commits.set(Number(partition), [...known, { nextOffset: Number(nextOffset), atMs }]);
  }
}

function committedAt(id: string, commits: Milestones): number {
  const [partition, offset] = id.split("/").map(Number);
  return commits.get(partition)!.find(({ nextOffset }) => nextOffset > offset)!.atMs;
}

/** When the records of a time were produced, by `partition/offset`; throws if the producer fell behind its rate. */
async function producedTimes(
  broker: Broker,
  topic: string,
  producer: SteadyProducer,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<Map<string, number>> {
  const produced = new Map<string, number>();
  for (const { partition } of await broker.offsets(topic)) {
    for await (const batch of broker.read(topic, partition, { fromOffset: 0 })) {
      for (let i = 0; i < batch.count; i++) {
        const atMs = batch.timestampMs[i];
        if (atMs >= fromMs && atMs < toMs) produced.set(`${partition}/${batch.offsets[i]}`, atMs);
      }
    }
  }
  const share = produced.size / (producer.ratePerS * (toMs - fromMs) / 1000);
  if (share > 0.9) return produced;
  throw new Error(
    `Cannot measure as ${producer.ratePerS} records/s must be produced: current value is ${share} of it`,
  );
}

/** Notes when a topic's alerts arrive; `stop` returns the milliseconds from produced, for each that came. */
async function listenToAlerts(broker: Broker, topic: string) {
  const arrivedAt = new Map<string, number>();
  const ends = new Map((await broker.offsets(ALERT_TOPIC)).map((each) => [each.partition, each.endOffset]));
  const ending = new AbortController();
  const listening = (async () => {
    await using subscription = await broker.subscribe(ALERT_TOPIC, crypto.randomUUID(), {
      signal: ending.signal,
    });
    for await (const event of subscription) {
      if (event.type === "assigned") {
        for (const partition of event.partitions) subscription.seek(partition, ends.get(partition) ?? 0);
      } else if (event.type === "batch") {
        const atMs = Date.now();
        for (let i = 0; i < event.batch.count; i++) {
          const id = event.batch.headers(i).alert_id;
          if (id.startsWith(`${topic}/`)) arrivedAt.set(id.slice(topic.length + 1), atMs);
        }
      }
    }
  })();
  return {
    async stop(produced: ReadonlyMap<string, number>): Promise<number[]> {
      // Alerts of the last transactions are on their way still.
      if (!ending.signal.aborted && produced.size > 0) {
        await until(elapsed(2), { timeoutMs: 60_000, what: "the last alerts" });
      }
      ending.abort();
      await listening;
      return [...produced].filter(([id]) => arrivedAt.has(id)).map(([id, atMs]) => arrivedAt.get(id)! - atMs);
    },
  };
}

/** Milliseconds from produced to stored, for each row in a bucket's objects. */
async function objectTimes(url: string, produced: ReadonlyMap<string, number>): Promise<number[]> {
  await using store = await openObjects(url);
  const times: number[] = [];
  const text = new TextDecoder();
  for (const { key, storedAtMs } of await listBucket(url)) {
    for (const line of text.decode(await store.get(key)).trim().split("\n")) {
      const { partition, offset } = JSON.parse(line);
      const atMs = produced.get(`${partition}/${offset}`);
      if (atMs !== undefined) times.push(storedAtMs - atMs);
    }
  }
  return times;
}

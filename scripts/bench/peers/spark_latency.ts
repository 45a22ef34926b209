import { openBroker, openObjects } from "../../../src/adapters.ts";
import type { SparkPeer } from "./spark_peer.ts";
import { listBucket } from "../runs/engines.ts";
import { startSteadyProducer } from "../load/steady_producer.ts";

export interface SparkLatencyOptions {
  stream: string;
  /** URL of the bucket, which is made. */
  objects: string;
  ratePerS: number;
  seconds: number;
  partitions: number;
}

/** Milliseconds of each flagged transaction, and what the job took meanwhile. */
export interface SparkLatency {
  objectMs: number[];
  /** Processor time of the job a second, its start included. */
  cores: number;
}

/** Seconds after the first object that do not count. */
const WARM_UP_S = 10;
/** Time to store what was produced last. */
const LAST_S = 5;

/**
 * Runs the job, one micro-batch after another as fast as it can, on a topic that is filled at a steady rate.
 *
 * @throws Error where nothing was flagged.
 */
export async function runSparkLatency(spark: SparkPeer, options: SparkLatencyOptions): Promise<SparkLatency> {
  const { stream, objects, ratePerS, seconds, partitions } = options;
  await using broker = await openBroker(stream);
  const topic = `latency-${crypto.randomUUID()}`;
  await broker.ensureTopic(topic, { partitions });
  const producer = startSteadyProducer(broker, topic, ratePerS);
  const run = await spark.run({ topic, objects, forSeconds: WARM_UP_S + seconds + LAST_S });
  await producer.stop();
  const stored = await listBucket(objects);
  const text = new TextDecoder();
  await using store = await openObjects(objects);
  const rows: { producedAtMs: number; storedAtMs: number }[] = [];
  // Part files only: what else lies there is Spark's own bookkeeping.
  for (const { key, storedAtMs } of stored.filter(({ key }) => key.endsWith(".json"))) {
    for (const line of text.decode(await store.get(key)).split("\n").filter((line) => line !== "")) {
      rows.push({ producedAtMs: Date.parse(JSON.parse(line).produced_at), storedAtMs });
    }
  }
  const firstMs = Math.min(...rows.map(({ storedAtMs }) => storedAtMs));
  const counted = rows.filter(({ producedAtMs }) => {
    const afterMs = producedAtMs - firstMs;
    return afterMs >= 1000 * WARM_UP_S && afterMs < 1000 * (WARM_UP_S + seconds);
  });
  if (counted.length === 0) {
    throw new Error("Cannot measure as Spark must flag something: it has flagged none");
  }
  return {
    objectMs: counted.map(({ producedAtMs, storedAtMs }) => storedAtMs - producedAtMs),
    cores: run.cpuSeconds * 1000 / run.wallMs,
  };
}

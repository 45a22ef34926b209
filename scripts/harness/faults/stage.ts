/**
 * What every row of the fault matrix stands on: topics with their records, and engines of a row's own.
 *
 * @module
 */
import { openBroker } from "../../../src/adapters.ts";
import { type ProducedRecord } from "../../../src/broker/broker.ts";
import { simulate } from "../../../src/simulate/simulate.ts";
import { openPipelineRun, type PipelineRun, serverUrls } from "../pipeline_run.ts";
import type { KafkaService, PostgresService, S3Service } from "../../../src/testing/services.ts";

export interface FaultServices {
  kafka: KafkaService;
  postgres: PostgresService;
  minio: S3Service;
}

export type KafkaClientName = "kafkajs" | "platformatic";

export interface FilledTopic {
  topic: string;
  labelTopic: string;
  records: number;
  poison: number;
}

export interface FillOptions {
  records?: number;
  /** One of so many records is invalid (default: none). */
  poisonEvery?: number;
}

export const PARTITIONS = 4;
const CHUNK_RECORDS = 5000;
/** Invalid records, of each kind that producers really send. */
const POISON: readonly (string | Uint8Array | null)[] = [
  "not JSON",
  "",
  null,
  "{}",
  "[1,2,3]",
  '{"transaction_id":"p","customer_id":"c","terminal_id":"t","amount":-1,"timestamp":1767225600000}',
  '{"transaction_id":"p","customer_id":"c","terminal_id":"t","amount":1e400,"timestamp":1767225600000}',
  '{"transaction_id":"p","customer_id":"c","terminal_id":"t","amount":5,"timestamp":"yesterday"}',
  new Uint8Array([0xff, 0xfe, 0x00, 0xd8, 0x80]),
  `{"transaction_id":"${"x".repeat(20_000)}"`,
];

/**
 * Fills a new topic of four partitions with simulated transactions, and a topic of one partition with their labels.
 *
 * @param stream URL of the stream.
 * @param topic Name of the topic, which must be new; labels go to the same with `.labels`.
 */
export async function fillTopic(
  stream: string,
  topic: string,
  options: FillOptions = {},
): Promise<FilledTopic> {
  const { records = 100_000, poisonEvery = Infinity } = options;
  const labelTopic = `${topic}.labels`;
  await using broker = await openBroker(stream);
  await broker.ensureTopic(topic, { partitions: PARTITIONS });
  await broker.ensureTopic(labelTopic);
  const poison = Math.floor(records / poisonEvery);
  let transactions: ProducedRecord[] = [];
  let labels: ProducedRecord[] = [];
  let sent = 0;
  const flush = async () => {
    await broker.produce(topic, transactions);
    if (labels.length > 0) await broker.produce(labelTopic, labels);
    transactions = [];
    labels = [];
  };
  const add = (record: ProducedRecord) => {
    transactions.push(record);
    sent++;
  };
  const start = Date.UTC(2026, 0, 1);
  for (const event of simulate({ randomSeed: 11, start, count: records - poison, fraudRate: 0.02 })) {
    if (event.kind === "label") {
      labels.push({ key: event.label.customer_id, value: JSON.stringify(event.label) });
      continue;
    }
    const { transaction } = event;
    add({ key: transaction.customer_id, value: JSON.stringify(transaction) });
    if ((sent + 1) % poisonEvery === 0) {
      add({ key: `poison-${sent}`, value: POISON[Math.floor(sent / poisonEvery) % POISON.length] });
    }
    if (transactions.length >= CHUNK_RECORDS) await flush();
  }
  await flush();
  return { topic, labelTopic, records: sent, poison };
}

/** Opens runs, each with a new consumer group, schema and bucket. */
export class FaultStage {
  readonly services: FaultServices;
  readonly #id = crypto.randomUUID().slice(0, 8);
  readonly #runs: PipelineRun[] = [];

  constructor(services: FaultServices) {
    this.services = services;
  }

  topicName(name: string): string {
    return `faults-${this.#id}-${name}`;
  }

  /** Opens a run on a topic; its consumers use the client. */
  async openRun(
    { topic, labelTopic }: FilledTopic,
    kafkaClient: KafkaClientName = "kafkajs",
  ): Promise<PipelineRun> {
    const name = `${this.#id}_${this.#runs.length + 1}`;
    const run = await openPipelineRun({
      urls: serverUrls(this.services, `faults_${name}`),
      topic,
      labelTopic,
      group: `faults-${name}`,
      kafkaClient,
    });
    this.#runs.push(run);
    return run;
  }

  /** Kills every process of every run, for Ctrl-C. */
  kill(): void {
    for (const run of this.#runs) run.kill();
  }

  /** A URL with another port. */
  static through(url: string, port: number): string {
    const changed = new URL(url);
    changed.port = String(port);
    return changed.href;
  }
}

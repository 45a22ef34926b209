/**
 * One run of the whole pipeline over real servers, in real processes: what each row of the fault matrix is made of.
 *
 * @module
 */
import { openBroker, openLedger, openObjects } from "../../src/adapters.ts";
import type { Broker } from "../../src/broker/broker.ts";
import { ALERT_TOPIC } from "../../src/alerts/topic.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import type { Verification } from "../../src/verify/verify.ts";
import type { PartitionPosition } from "./object_latency.ts";
import type { RunningProcess } from "../../src/testing/process.ts";
import { type ProcessUse, watchProcess } from "./process_use.ts";
import { startCommand } from "./start_command.ts";
import { type AlertsReceived, alertsReceived, type FlaggedLine, flaggedLines } from "./run_outcome.ts";
import { until } from "../../src/testing/until.ts";

export interface EngineUrls {
  stream: string;
  /** `postgres://…` with a schema of the run's own, or `sqlite:PATH`. */
  ledger: string;
  /** `s3://…` with a bucket of the run's own, or `file:PATH`. */
  objects: string;
}

/** Engines on real servers: a schema in PostgreSQL and a bucket in MinIO of this name, like `faults_1`. */
export function serverUrls(
  { kafka, postgres, minio }: Record<"kafka" | "postgres" | "minio", { url: string }>,
  name: string,
): EngineUrls {
  const [ledger, objects] = [new URL(postgres.url), new URL(minio.url)];
  ledger.searchParams.set("schema", name);
  objects.pathname = `/${name.replaceAll("_", "-")}`;
  return { stream: kafka.url, ledger: ledger.href, objects: objects.href };
}

export interface PipelineRunOptions {
  /** Engines without a proxy in between, through which the run is observed. */
  urls: EngineUrls;
  topic: string;
  labelTopic: string;
  group: string;
  model?: string;
  /** As `KAFKA_CLIENT` names it (default `kafkajs`). */
  kafkaClient?: string;
}

export interface ConsumerProcessOptions {
  urls?: Partial<EngineUrls>;
  flags?: readonly string[];
  preload?: URL;
  /** Runs for ever; default: ends when all is committed and relayed. */
  endless?: boolean;
}

const ALERTS = ["--alerts", "topic"];
const RUN_FLAGS = [
  ...ALERTS,
  ...["--snapshot-records", "3000", "--max-batch-records", "256"],
  ...["--flush-interval", "500ms", "--flush-rows", "200"],
];

/**
 * Opens a run on a topic that has its records; the ledger's schema and the bucket must be new.
 *
 * @throws Error where an engine cannot be opened.
 */
export async function openPipelineRun(options: PipelineRunOptions): Promise<PipelineRun> {
  const { stream, ledger, objects } = options.urls;
  await using resources = new AsyncDisposableStack();
  const broker = resources.use(await openBroker(stream));
  const opened = { broker, ledger: resources.use(await openLedger(ledger)) };
  // Fails now if the store is unreachable, as the other engines do.
  resources.use(await openObjects(objects));
  await broker.ensureTopic(ALERT_TOPIC);
  const ends = await broker.offsets(options.topic);
  const records = ends.reduce((sum, each) => sum + each.endOffset - each.startOffset, 0);
  const alertsFrom = new Map(
    (await broker.offsets(ALERT_TOPIC)).map((each) => [each.partition, each.endOffset]),
  );
  return new PipelineRun(options, opened, { records, alertsFrom, resources: resources.move() });
}

/** One run of the pipeline; disposing kills its consumers. */
export class PipelineRun implements AsyncDisposable {
  /** Records in the topic when it was opened. */
  readonly records: number;
  readonly consumers: RunningProcess[] = [];
  readonly #options: PipelineRunOptions;
  readonly #opened: { broker: Broker; ledger: Ledger };
  readonly #alertsFrom: ReadonlyMap<number, number>;
  readonly #resources: AsyncDisposableStack;
  readonly #uses: ProcessUse[] = [];
  #verifying: RunningProcess | undefined;

  /** For {@link openPipelineRun}. */
  constructor(
    options: PipelineRunOptions,
    opened: { broker: Broker; ledger: Ledger },
    found: { records: number; alertsFrom: ReadonlyMap<number, number>; resources: AsyncDisposableStack },
  ) {
    this.#options = options;
    this.#opened = opened;
    this.records = found.records;
    this.#alertsFrom = found.alertsFrom;
    this.#resources = found.resources;
  }

  get urls(): EngineUrls {
    return this.#options.urls;
  }

  get group(): string {
    return this.#options.group;
  }

  /** Largest resident memory that any consumer has had. */
  get peakRssBytes(): number {
    return Math.max(0, ...this.#uses.map((use) => use.peakRssBytes));
  }

  /** Kills every process of the run. */
  kill(): void {
    for (const process of this.consumers) process.kill("SIGKILL");
    this.#verifying?.kill("SIGKILL");
  }

  start(options: ConsumerProcessOptions = {}): RunningProcess {
    const { topic, labelTopic, group, model = "model", kafkaClient = "kafkajs" } = this.#options;
    const args = [
      ...urlFlags({ ...this.#options.urls, ...options.urls }),
      ...["--model", model, "--topic", topic, "--label-topic", labelTopic, "--group", group],
      ...RUN_FLAGS,
      ...options.endless ? [] : ["--until-empty"],
      ...options.flags ?? [],
    ];
    const consumer = startCommand("consume", args, {
      env: { KAFKA_CLIENT: kafkaClient },
      preload: options.preload?.href,
    });
    this.consumers.push(consumer);
    this.#uses.push(watchProcess(consumer.pid));
    return consumer;
  }

  /** Number of records committed so far; throws if the ledger does not answer. */
  async committed(): Promise<number> {
    const known = await this.#opened.ledger.partitions();
    return known.filter(({ topic }) => topic === this.#options.topic)
      .reduce((sum, { nextOffset }) => sum + nextOffset, 0);
  }

  /** Resident memory of the running consumers together. */
  rssBytes(): number {
    return this.#uses.reduce((sum, use) => sum + use.rssBytes(), 0);
  }

  /** How far each partition is committed, and how far its objects are cut. */
  async positions(): Promise<Map<number, PartitionPosition>> {
    const { ledger } = this.#opened;
    const { topic } = this.#options;
    const owned = (await ledger.partitions()).filter((each) => each.topic === topic);
    return new Map(
      await Promise.all(owned.map(async ({ partition, nextOffset }) => {
        const cutOffset = await ledger.lastCutOffset(topic, partition);
        return [partition, { nextOffset, cutOffset }] as const;
      })),
    );
  }

  async stored(): Promise<number> {
    return (await this.#opened.ledger.summary(this.#options.topic)).objectsStored;
  }

  async untilShare(share: number, options: { timeoutMs?: number } = {}): Promise<void> {
    const least = Math.floor(this.records * share);
    await this.attend(
      until(async () => await this.committed() >= least, {
        timeoutMs: options.timeoutMs ?? 300_000,
        what: `commits of ${least} records`,
      }),
    );
  }

  /** Waits until every consumer has ended; throws unless the last one exited with 0. */
  async untilEnded(timeoutMs: number): Promise<void> {
    const ends = await this.attend(
      Promise.all(this.consumers.map((consumer) => consumer.ended({ timeoutMs }))),
    );
    const { code, stderr } = ends[ends.length - 1];
    if (code !== 0) {
      throw new Error(
        `The last consumer must end with exit code 0: current value is ${code}\n${tail(stderr)}`,
      );
    }
  }

  /** The answer of `verify --json`. */
  async verify(): Promise<Verification> {
    const args = [...urlFlags(this.#options.urls), "--topic", this.#options.topic, ...ALERTS, "--json"];
    await using process = startCommand("verify", args);
    this.#verifying = process;
    const { stdout, stderr } = await process.ended({ timeoutMs: 300_000 });
    try {
      return JSON.parse(stdout);
    } catch (cause) {
      throw new Error(`verify must print JSON: current value is "${stdout}"\n${tail(stderr)}`, { cause });
    }
  }

  flagged(): Promise<FlaggedLine[]> {
    return flaggedLines(this.#opened, this.#options.topic);
  }

  /** Alerts in their topic since the run was opened. */
  alerts(): Promise<AlertsReceived> {
    return alertsReceived(this.#opened.broker, this.#options.topic, this.#alertsFrom);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const consumer of this.consumers) await consumer[Symbol.asyncDispose]();
    for (const use of this.#uses) use.stop();
    await this.#resources.disposeAsync();
  }

  /** Waits for work; if it fails, the error has what the consumers wrote. */
  async attend<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (cause) {
      const said = this.consumers.map(({ pid, stderr, hasEnded }) =>
        `consumer ${pid}${hasEnded ? " (ended)" : ""}: ${tail(stderr)}`
      );
      throw new Error(`${(cause as Error).message}\n${said.slice(-3).join("\n")}`, { cause });
    }
  }
}

function urlFlags({ stream, ledger, objects }: EngineUrls): string[] {
  return ["--stream", stream, "--ledger", ledger, "--objects", objects];
}

function tail(text: string): string {
  return text.trimEnd().split("\n").slice(-12).join("\n  ");
}

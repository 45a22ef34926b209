/** What Kafka does to its own records: compaction and markers are no faults, retention before they were read is a loss. */
import kafkajs from "kafkajs";
import { openBroker } from "../adapters.ts";
import { lostOffsets } from "../ledger/losses.ts";
import { openService } from "../service.ts";
import { produceEvents } from "../simulate/produce.ts";
import { simulate } from "../simulate/simulate.ts";
import { assert, assertEquals, assertRejects } from "../testing/assert.ts";
import { makeEmbeddedRun } from "../testing/embedded_run.ts";
import { needs } from "../testing/services.ts";
import { until } from "../testing/until.ts";
import { verify, type VerifyParts } from "./verify.ts";

const kafka = await needs("kafka");
/** The cleaner looks every 15 s. */
const COMPACTED_WITHIN_MS = 120_000;

for (const kafkaClient of ["kafkajs", "platformatic"]) {
  const test = (name: string, work: (run: Run) => Promise<void>) =>
    Deno.test({
      ...kafka.test(`verify() over ${kafkaClient}: ${name}`),
      sanitizeOps: false,
      sanitizeResources: false,
      async fn() {
        const run = await makeRun(kafkaClient);
        await work(run);
        await withAdmin((admin) =>
          admin.deleteTopics({ topics: [run.topic, `${run.topic}.dead-letter`, run.labelTopic] })
        );
        await Deno.remove(run.folder, { recursive: true });
      },
    });

  test("what compaction removed and a transaction's marker are no faults", async (run) => {
    await withAdmin((admin) =>
      admin.createTopics({
        topics: [{
          topic: run.topic,
          configEntries: Object.entries({
            "cleanup.policy": "compact",
            "segment.ms": "200",
            "min.cleanable.dirty.ratio": "0.001",
            "max.compaction.lag.ms": "200",
          }).map(([name, value]) => ({ name, value })),
        }],
      })
    );
    await produceInTransaction(run.topic);
    await produce(run, 500);
    await run.consume();
    const before = await run.verify();
    assertEquals([before.problems, before.compacted], [[], 0]);
    await until(async () => {
      // Only what lies behind another segment is compacted.
      await produce(run, 1);
      return await countOf(run) < before.offsets;
    }, { timeoutMs: COMPACTED_WITHIN_MS, what: "a compacted topic" });
    await run.consume();
    const after = await run.verify();
    assertEquals(after.problems, []);
    assert(
      after.compacted > 0 && after.offsets < after.compacted + before.offsets + 1000,
      JSON.stringify(after),
    );
  });

  test("records that were deleted before they were read are lost until somebody accepts it", async (run) => {
    await produce(run, 300);
    await run.consume();
    await produce(run, 500);
    await withAdmin(async (admin) => {
      await admin.fetchTopicOffsets(run.topic);
      await admin.deleteTopicRecords({ topic: run.topic, partitions: [{ partition: 0, offset: "600" }] });
    });
    const lost = async (options: Partial<VerifyParts> = {}) => {
      const { problems, acceptedLosses } = await run.verify(options);
      return [problems.find(({ kind }) => kind === "lost")?.count, lostOffsets(acceptedLosses)];
    };
    assertEquals(await lost(), [300, 0]);
    assertEquals(await run.consume(), 300);
    assertEquals(await lost(), [300, 0]);
    assertEquals(await lost({ acceptGaps: "ann" }), [undefined, 300]);
    assertEquals((await run.verify()).problems, []);
  });

  test("a topic that was deleted and made anew is refused, though it is longer", async (run) => {
    await produce(run, 100);
    await run.consume();
    await withAdmin((admin) => admin.deleteTopics({ topics: [run.topic] }));
    await using broker = await openBroker(kafka.services.kafka.url, { kafkaClient });
    await until(async () => await broker.partitions(run.topic) === 0, { what: "the end of the topic" });
    await produce(run, 300);
    await assertRejects(() => run.consume(), Error, "deleted and made anew");
    assertEquals((await run.verify()).problems.map(({ kind }) => kind), ["another-topic"]);
  });
}

interface Run {
  folder: string;
  topic: string;
  labelTopic: string;
  kafkaClient: string;
  /** Consumes all there is; resolves with what was lost. */
  consume(): Promise<number>;
  verify(options?: Partial<VerifyParts>): ReturnType<typeof verify>;
}

async function makeRun(kafkaClient: string): Promise<Run> {
  const folder = await Deno.makeTempDir();
  await makeEmbeddedRun(folder, { count: 10 });
  const topic = `proof-${crypto.randomUUID().slice(0, 8)}`;
  const labelTopic = `${topic}-labels`;
  const open = () =>
    openService({
      stream: kafka.services.kafka.url,
      ledger: `sqlite:${folder}/ledger.db`,
      objects: `file:${folder}/objects`,
      model: `${folder}/model`,
      kafkaClient,
    }, { topic, labelTopic, group: topic });
  return {
    ...{ folder, topic, labelTopic, kafkaClient },
    async consume() {
      await using service = await open();
      await service.run({ untilEmpty: true });
      return service.parts.telemetry.counters().get("records_lost") ?? 0;
    },
    async verify(options = {}) {
      await using service = await open();
      return await verify({ ...service.parts, topic, ...options });
    },
  };
}

async function produce({ topic, labelTopic, kafkaClient }: Run, count: number): Promise<void> {
  await using broker = await openBroker(kafka.services.kafka.url, { kafkaClient });
  await broker.ensureTopic(topic);
  await broker.ensureTopic(labelTopic);
  const start = Date.UTC(2026, 0, 1) + Math.floor(Math.random() * 1e9);
  await produceEvents(broker, simulate({ randomSeed: 3, start, count, nCustomers: 20 }), {
    topic,
    labelTopic,
  });
}

async function countOf({ topic, kafkaClient }: Run): Promise<number> {
  await using broker = await openBroker(kafka.services.kafka.url, { kafkaClient });
  let count = 0;
  for await (const batch of broker.read(topic, 0, { fromOffset: 0 })) count += batch.count;
  return count;
}

/** Two transactions of dead letters, one of them aborted. */
async function produceInTransaction(topic: string): Promise<void> {
  const producer = client().producer({ transactionalId: topic, idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  for (const isKept of [false, true]) {
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ key: "a", value: "{}" }, { key: "b", value: "{}" }] });
    await (isKept ? transaction.commit() : transaction.abort());
  }
  await producer.disconnect();
}

async function withAdmin(work: (admin: kafkajs.Admin) => Promise<unknown>): Promise<void> {
  const admin = client().admin();
  await admin.connect();
  await work(admin);
  await admin.disconnect();
}

function client(): kafkajs.Kafka {
  return new kafkajs.Kafka({
    brokers: [kafka.services.kafka.listeners.plaintext],
    logLevel: kafkajs.logLevel.NOTHING,
  });
}

import kafkajs from "kafkajs";
import { assert, assertEquals } from "../../../src/testing/assert.ts";
import {
  type FaultServices,
  FaultStage,
  fillTopic,
  type KafkaClientName,
  PARTITIONS,
} from "../faults/stage.ts";
import { needs } from "../../../src/testing/services.ts";
import { until } from "../../../src/testing/until.ts";
import { kafkaClients } from "../../../src/broker/kafka/testing/clients.ts";

const RECORDS = 20_000;
const servers = await needs(["kafka", "minio", "postgres"]);

for (const client of Object.keys(kafkaClients) as KafkaClientName[]) {
  Deno.test({
    ...servers.test(`consume over ${client}: two consumers on one machine do half of the partitions each`),
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const services: FaultServices = servers.services;
      const stage = new FaultStage(services);
      const topic = stage.topicName("halves");
      const labelTopic = `${topic}.labels`;
      await using broker = await kafkaClients.kafkajs(services.kafka.url);
      await broker.ensureTopic(topic, { partitions: PARTITIONS });
      await broker.ensureTopic(labelTopic);
      await using run = await stage.openRun({ topic, labelTopic, records: RECORDS, poison: 0 }, client);
      const consumers = [run.start({ endless: true }), run.start({ endless: true })];
      await run.attend(untilShared(services.kafka.listeners.plaintext, run.group, consumers.length));
      await fillTopic(services.kafka.url, topic, { records: RECORDS });
      await run.attend(
        until(async () => await run.committed() === RECORDS, { timeoutMs: 120_000, what: "all commits" }),
      );
      const ends = await broker.offsets(topic);
      const done: number[] = [];
      for (const consumer of consumers) {
        consumer.kill("SIGTERM");
        const { code, stderr } = await consumer.ended();
        assertEquals(code, 0, stderr);
        done.push(Number(/consumed\s+(\d+) records/.exec(stderr)?.[1]));
      }
      assertEquals(done[0] + done[1], RECORDS);
      // Two whole partitions each, whichever they are.
      const pairs = ends.flatMap(({ endOffset }, i) =>
        ends.slice(i + 1).map((other) => endOffset + other.endOffset)
      );
      assert(pairs.includes(done[0]), `${done} of ${ends.map(({ endOffset }) => endOffset)}`);
    },
  });
}

/** Waits until the group is stable with so many members. */
async function untilShared(address: string, group: string, members: number): Promise<void> {
  const admin = new kafkajs.Kafka({ brokers: [address], logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    await until(async () => {
      const [found] = (await admin.describeGroups([group])).groups;
      return found.state === "Stable" && found.members.length === members;
    }, { timeoutMs: 60_000, what: `a group of ${members}` });
  } finally {
    await admin.disconnect();
  }
}

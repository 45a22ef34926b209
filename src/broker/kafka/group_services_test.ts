import { assertEquals } from "../../testing/assert.ts";
import { needs } from "../../testing/services.ts";
import { until } from "../../testing/until.ts";
import { kafkaClients } from "./testing/clients.ts";
import { follow, newTopic, numbered, numbersOf, range } from "./testing/numbered_records.ts";

const kafka = await needs("kafka");

Deno.test({
  ...kafka.test("kafka broker: members of both clients share a group, and take over from each other"),
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const { url } = kafka.services.kafka;
    await using setup = await kafkaClients.kafkajs(url);
    const topic = newTopic();
    await setup.ensureTopic(topic, { partitions: 4 });
    const held = new Map<string, Set<number>>();
    const next = new Map<number, number>();
    const numbers: number[] = [];
    // Each client once as the one that comes first, and so shares out.
    for (const names of [["kafkajs", "platformatic"], ["platformatic", "kafkajs"]]) {
      const group = `${topic}-${names[0]}`;
      held.clear();
      next.clear();
      numbers.length = 0;
      const members = [];
      for (const name of names) {
        const own = new Set<number>();
        held.set(name, own);
        const broker = await kafkaClients[name](url);
        const ending = new AbortController();
        const subscription = await broker.subscribe(topic, group, {
          signal: ending.signal,
          sessionTimeoutMs: 6000,
        });
        const { stop } = follow(subscription, ending, (event) => {
          if (event.type === "revoked") event.partitions.forEach((partition) => own.delete(partition));
          if (event.type === "assigned") {
            for (const partition of event.partitions) {
              own.add(partition);
              subscription.seek(partition, next.get(partition) ?? 0);
            }
          }
          if (event.type === "batch") {
            next.set(event.batch.partition, event.batch.nextOffset);
            numbers.push(...numbersOf(event.batch));
          }
        });
        members.push({
          async stop() {
            await stop();
            await broker[Symbol.asyncDispose]();
          },
        });
        if (members.length === 1) await until(() => own.size === 4, { what: `all partitions with ${name}` });
      }
      const [first, second] = names.map((name) => held.get(name)!);
      await until(() => first.size === 2 && second.size === 2 && first.isDisjointFrom(second), {
        what: "two partitions with each client",
      });
      await setup.produce(topic, numbered(0, 1000));
      const ends = (await setup.offsets(topic)).reduce((sum, { endOffset }) => sum + endOffset, 0);
      await until(() => numbers.length === ends, { what: "every record with one of them" });
      await members[0].stop();
      await until(() => second.size === 4, { what: `all partitions with ${names[1]}` });
      await members[1].stop();
      assertEquals([...new Set(numbers)].toSorted((a, b) => a - b), range(0, 1000));
    }
  },
});

for (const [client, open] of Object.entries(kafkaClients)) {
  Deno.test({
    ...kafka.test(`kafka broker over ${client}: partitions that a topic gets later are read too`),
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const { url, listeners } = kafka.services.kafka;
      await using broker = await open(url, { metadataMaxAgeMs: 500 });
      const topic = newTopic();
      await broker.ensureTopic(topic, { partitions: 1 });
      const held = new Set<number>();
      const ending = new AbortController();
      const subscription = await broker.subscribe(topic, topic, { signal: ending.signal });
      const reading = follow(subscription, ending, (event) => {
        if (event.type === "assigned") event.partitions.forEach((partition) => held.add(partition));
      });
      await until(() => held.size === 1, { what: "the first partition" });
      await addPartitions(listeners.plaintext, topic, 3);
      await until(() => held.size === 3, { what: "the new partitions" });
      await reading.stop();
    },
  });
}

async function addPartitions(address: string, topic: string, count: number): Promise<void> {
  const { default: kafkajs } = await import("kafkajs");
  const admin = new kafkajs.Kafka({ brokers: [address], logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createPartitions({ topicPartitions: [{ topic, count }] });
  await admin.disconnect();
}

/** Two members of a real group, whose replay takes longer than the session time-out. */
import type { Broker } from "../broker/broker.ts";
import { kafkaClients } from "../broker/kafka/testing/clients.ts";
import { produceEvents } from "../simulate/produce.ts";
import { simulate } from "../simulate/simulate.ts";
import { assert, assertEquals } from "../testing/assert.ts";
import { needs } from "../testing/services.ts";
import { runConsumer } from "./consumer.ts";
import { onEmbedded, withMethod } from "./testing/embedded.ts";

const kafka = await needs("kafka");
const COUNT = 12_000;
/** The least that a broker takes by default. */
const SESSION_TIMEOUT_MS = 6000;

for (const [client, openKafka] of Object.entries(kafkaClients)) {
  Deno.test({
    ...kafka.test(
      `runConsumer() of two members over ${client} ends a replay longer than the session time-out`,
    ),
    sanitizeOps: false,
    sanitizeResources: false,
    fn: () =>
      onEmbedded({ count: 1 }, async (embedded) => {
        const id = crypto.randomUUID();
        const topics = { topic: `replay-${id}`, labelTopic: `replay-labels-${id}` };
        const open = () => openKafka(kafka.services.kafka.url);
        await using first = await open();
        await using second = await open();
        const produce = async (randomSeed: number, start: number, count: number) => {
          const events = simulate({ randomSeed, start, count, labels: "none", nCustomers: 300 });
          await produceEvents(first, events, topics);
        };
        await first.ensureTopic(topics.topic, { partitions: 2 });
        await produce(1, Date.UTC(2026, 0, 1), COUNT);
        const ledger = withMethod(embedded.ledger, "keepSnapshot", () => Promise.resolve());
        await runConsumer({ ...embedded, broker: first, ledger }, { ...topics, group: id, untilEmpty: true });
        await produce(2, Date.UTC(2026, 3, 1), 200);
        let replayed = 0;
        /** A replay of some 14 s: each batch keeps the thread for long. */
        const slow = (broker: Broker) =>
          withMethod(broker, "read", async function* (topic, partition, options) {
            const isReplay = topic === topics.topic && options.toOffset !== undefined;
            const slowly = isReplay ? { ...options, maxBatchRecords: 100 } : options;
            for await (const batch of broker.read(topic, partition, slowly)) {
              if (isReplay) {
                const until = performance.now() + 120;
                while (performance.now() < until);
                replayed += batch.count;
              }
              yield batch;
            }
          });
        const run = (broker: Broker) =>
          runConsumer({ ...embedded, broker: slow(broker) }, {
            ...{
              ...topics,
              group: id,
              untilEmpty: true,
              sessionTimeoutMs: SESSION_TIMEOUT_MS,
              snapshotIntervalMs: 1000,
            },
          });
        await Promise.all([run(first), run(second)]);
        assertEquals((await embedded.ledger.summary(topics.topic)).scored, COUNT + 200);
        assert(replayed < 1.5 * COUNT, `${replayed} records were replayed`);
      }),
  });
}

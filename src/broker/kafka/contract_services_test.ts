import { Buffer } from "node:buffer";
import kafkajs from "kafkajs";
import { DeliveryError } from "../../runtime/delivery_error.ts";
import { assert, assertEquals, assertRejects } from "../../testing/assert.ts";
import { needs } from "../../testing/services.ts";
import { until } from "../../testing/until.ts";
import { brokerContract } from "../testing/contract.ts";
import { compress, compressionNames, decompress } from "./wire/codecs.ts";
import { newTopic, numbered, numbersOf, range, readAll } from "./testing/numbered_records.ts";
import { kafkaClients, type OpenKafka } from "./testing/clients.ts";
import type { KafkaBrokerOptions } from "./cluster.ts";

const kafka = await needs("kafka");
// kafkajs itself has only gzip.
for (const codec of [2, 3, 4] as const) {
  kafkajs.CompressionCodecs[codec] = () => ({
    compress: ({ buffer }: { buffer: Buffer }) => Promise.resolve(Buffer.from(compress(codec, buffer))),
    decompress: (bytes: Buffer) => Promise.resolve(Buffer.from(decompress(codec, bytes))),
  });
}
for (const [client, openKafkaBroker] of Object.entries(kafkaClients)) testServices(client, openKafkaBroker);

function testServices(client: string, openKafkaBroker: OpenKafka) {
  const service = () => kafka.services.kafka;
  const open = (query = "", options: KafkaBrokerOptions = {}) =>
    openKafkaBroker(service().url + query, options);
  const test = (name: string, fn: () => Promise<void>) =>
    Deno.test({
      ...kafka.test(`kafka broker over ${client}: ${name}`),
      sanitizeOps: false,
      sanitizeResources: false,
      fn,
    });

  const withAdmin = async (work: (admin: kafkajs.Admin) => Promise<unknown>) => {
    const admin = new kafkajs.Kafka({
      brokers: [service().listeners.plaintext],
      logLevel: kafkajs.logLevel.NOTHING,
    }).admin();
    await admin.connect();
    await work(admin);
    await admin.disconnect();
  };

  brokerContract(`kafka broker over ${client}`, {
    open: () => open(),
    ...(kafka.ignore ? { skip: kafka.reason } : {}),
  });

  test("goes to the next broker where the first one takes connections and says nothing", async () => {
    using frozen = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const taken: Deno.Conn[] = [];
    (async () => {
      for await (const connection of frozen) taken.push(connection);
    })().catch(() => {});
    const { port } = frozen.addr as Deno.NetAddr;
    await using broker = await openKafkaBroker(`kafka://127.0.0.1:${port},${service().listeners.plaintext}`);
    const topic = newTopic();
    await broker.ensureTopic(topic);
    await broker.produce(topic, numbered(0, 10));
    assertEquals(await readAll(broker, topic), range(0, 10));
    assert(taken.length > 0);
    for (const connection of taken) connection.close();
  });

  for (const mechanism of ["plain", "scram-sha-256", "scram-sha-512"]) {
    test(`logs in by ${mechanism}, with and without TLS, and says when the password is wrong`, async () => {
      const { user, password, listeners, caFile } = service();
      const ca = `ca=${encodeURIComponent(caFile)}`;
      for (const [address, query] of [[listeners.sasl, ""], [listeners.saslTls, ca]]) {
        const at = `@${address}?sasl=${mechanism}&${query}`.replace(/&$/, "");
        await using broker = await openKafkaBroker(`kafka://${user}:${password}${at}`);
        assertEquals(broker.name, `kafka://${address}`);
        const topic = newTopic();
        await broker.ensureTopic(topic);
        await broker.produce(topic, numbered(0, 10));
        assertEquals(await readAll(broker, topic), range(0, 10));
        const error = await assertRejects(
          () => openKafkaBroker(`kafka://${user}:wrong-one${at}`),
          DeliveryError,
        );
        assertEquals(error instanceof DeliveryError && error.retriable, false);
        assert(!Deno.inspect(error).includes("wrong-one"));
      }
    });
  }

  test("speaks TLS with an own authority, and refuses one that it does not know", async () => {
    const { listeners, caFile } = service();
    const url = `kafka://${listeners.tls}?tls=true`;
    await using broker = await openKafkaBroker(`${url}&ca=${encodeURIComponent(caFile)}`);
    const topic = newTopic();
    await broker.ensureTopic(topic);
    await broker.produce(topic, numbered(0, 1000));
    assertEquals(await readAll(broker, topic), range(0, 1000));
    await assertRejects(() => openKafkaBroker(url), DeliveryError, "certificate");
  });

  test("reads what was compressed by each codec, of this broker and of kafkajs", async () => {
    const topic = newTopic();
    let from = 0;
    for (const compression of compressionNames) {
      await using broker = await open(`?compression=${compression}`);
      await broker.ensureTopic(topic);
      await broker.produce(topic, numbered(from, from += 500));
    }
    const producer = new kafkajs.Kafka({
      brokers: [service().listeners.plaintext],
      logLevel: kafkajs.logLevel.NOTHING,
    })
      .producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
    for (let compression = 0; compression < compressionNames.length; compression++) {
      await producer.send({ topic, compression, messages: numbered(from, from += 500) });
    }
    await producer.disconnect();
    await using broker = await open();
    assertEquals(await readAll(broker, topic), range(0, from));
  });

  test("10,000 records come each once and in the order of offsets, after a seek back and forth", async () => {
    await using broker = await open();
    const topic = newTopic();
    await broker.ensureTopic(topic, { partitions: 3 });
    await broker.produce(topic, numbered(0, 10_000));
    const ends = new Map((await broker.offsets(topic)).map((each) => [each.partition, each.endOffset]));
    await using subscription = await broker.subscribe(topic, topic, { maxBatchRecords: 256 });
    const seen = new Map<number, number[]>();
    let turns = 0;
    for await (const event of subscription) {
      if (event.type === "assigned") {
        for (const partition of event.partitions) subscription.seek(partition, 1000);
      }
      if (event.type === "batch") {
        const { partition, offsets } = event.batch;
        assert(turns > 0 || offsets[0] >= 1000, "nothing before the offset that was sought");
        // In the middle of it all, everything anew from the start.
        if (turns++ === 3) {
          seen.clear();
          for (const partition of ends.keys()) subscription.seek(partition, 0);
          continue;
        }
        seen.set(partition, [...seen.get(partition) ?? [], ...offsets]);
      }
      if (event.type === "idle") break;
    }
    for (const [partition, end] of ends) assertEquals(seen.get(partition), range(0, end));
  });

  test("idle comes for empty partitions, and behind transactions whose last offsets are markers", async () => {
    await using broker = await open();
    const topic = newTopic();
    await broker.ensureTopic(topic, { partitions: 3 });
    const producer = new kafkajs.Kafka({
      brokers: [service().listeners.plaintext],
      logLevel: kafkajs.logLevel.NOTHING,
    })
      .producer({ transactionalId: topic, idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    const inTransaction = async (from: number, to: number, isKept: boolean) => {
      const transaction = await producer.transaction();
      await transaction.send({
        topic,
        messages: numbered(from, to).map((message) => ({ ...message, partition: 0 })),
      });
      await (isKept ? transaction.commit() : transaction.abort());
    };
    await inTransaction(0, 5, true);
    await inTransaction(5, 9, false);
    await inTransaction(9, 12, true);
    await inTransaction(12, 13, false);
    await producer.disconnect();
    const kept = [...range(0, 5), ...range(9, 12)];
    assertEquals(await readAll(broker, topic), kept);
    await using subscription = await broker.subscribe(topic, topic);
    const numbers: number[] = [];
    for await (const event of subscription) {
      if (event.type === "batch") numbers.push(...numbersOf(event.batch));
      if (event.type === "idle") break;
    }
    assertEquals(numbers, kept);
    const lag = await subscription.lag();
    assertEquals(lag.map(({ position, endOffset }) => endOffset - position), [0, 0, 0]);
    assertEquals(lag[0].endOffset, 17);
  });

  test("goes on behind records that retention deleted, saying so, and refuses an offset beyond the end", async () => {
    await using broker = await open();
    const topic = newTopic();
    await broker.ensureTopic(topic);
    await broker.produce(topic, numbered(0, 100));
    await withAdmin(async (admin) => {
      await admin.fetchTopicOffsets(topic); // loads what the next call needs
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "60" }] });
    });
    assertEquals((await broker.offsets(topic))[0], { partition: 0, startOffset: 60, endOffset: 100 });
    assertEquals(await readAll(broker, topic), range(60, 100));
    await using subscription = await broker.subscribe(topic, topic);
    const numbers: number[] = [];
    const lost: unknown[] = [];
    await assertRejects(
      async () => {
        for await (const event of subscription) {
          if (event.type === "assigned") subscription.seek(0, 20);
          if (event.type === "lost") lost.push({ ...event, after: numbers.length });
          if (event.type === "batch") numbers.push(...numbersOf(event.batch));
          if (event.type === "idle") subscription.seek(0, 101);
        }
      },
      DeliveryError,
      "made anew",
    );
    assertEquals(numbers, range(60, 100));
    assertEquals(lost, [{ type: "lost", partition: 0, firstOffset: 20, nextOffset: 60, after: 0 }]);
  });

  test("a topic that is only produced to may be made anew", async () => {
    await using broker = await open();
    const topic = newTopic();
    await broker.ensureTopic(topic);
    await broker.produce(topic, numbered(0, 10));
    await withAdmin((admin) => admin.deleteTopics({ topics: [topic] }));
    await until(async () => await broker.partitions(topic) === 0, { what: "the end of the topic" });
    await broker.ensureTopic(topic);
    await broker.produce(topic, numbered(0, 20));
    await using reader = await open();
    assertEquals(await readAll(reader, topic), range(0, 20));
  });

  test("a topic that was deleted and made anew has another id, and ends who had it open", async () => {
    await using broker = await open();
    const topic = newTopic();
    assertEquals(await broker.topicId(topic), undefined);
    await broker.ensureTopic(topic);
    await broker.produce(topic, numbered(0, 10));
    const first = await broker.topicId(topic);
    assert(first !== undefined && /^[0-9a-f]{32}$/.test(first), first);
    await using subscription = await broker.subscribe(topic, topic);
    await using second = await open();
    assertEquals([await second.topicId(topic), await readAll(second, topic)], [first, range(0, 10)]);
    let wasMade = false;
    const numbers: number[] = [];
    await assertRejects(
      async () => {
        for await (const event of subscription) {
          if (event.type === "assigned") subscription.seek(0, 0);
          if (event.type === "batch") numbers.push(...numbersOf(event.batch));
          if (event.type !== "idle" || wasMade) continue;
          wasMade = true;
          await withAdmin((admin) => admin.deleteTopics({ topics: [topic] }));
          await using third = await open();
          await until(async () => await third.partitions(topic) === 0, { what: "the end of the topic" });
          await third.ensureTopic(topic);
          await third.produce(topic, numbered(100, 150));
          assert(await third.topicId(topic) !== first);
        }
      },
      DeliveryError,
      "deleted and made anew",
    );
    assertEquals(numbers, range(0, 10));
    await assertRejects(() => readAll(second, topic), DeliveryError, "deleted and made anew");
  });

  test("a record that the broker refuses is an error that no retry mends, and the next one is taken", async () => {
    await using broker = await open();
    const topic = newTopic();
    await broker.ensureTopic(topic);
    const error = await assertRejects(
      () => broker.produce(topic, [{ key: null, value: "x".repeat(6_000_000) }]),
      DeliveryError,
      topic,
    );
    assertEquals(error instanceof DeliveryError && error.retriable, false);
    await broker.produce(topic, numbered(0, 3));
    assertEquals(await readAll(broker, topic), [0, 1, 2]);
    await assertRejects(
      () => broker.produce(`${topic}-absent`, numbered(0, 1)),
      Error,
      "make the topic first",
    );
  });

  test("commitOffset() shows in the group, and changes nothing for the next member", async () => {
    await using broker = await open();
    const topic = newTopic();
    await broker.ensureTopic(topic);
    await broker.produce(topic, numbered(0, 10));
    for (let round = 0; round < 2; round++) {
      await using subscription = await broker.subscribe(topic, topic);
      for await (const event of subscription) {
        if (event.type !== "batch") continue;
        assertEquals(event.batch.offsets[0], 0);
        await subscription.commitOffset(0, event.batch.nextOffset);
        break;
      }
    }
    const admin = new kafkajs.Kafka({
      brokers: [service().listeners.plaintext],
      logLevel: kafkajs.logLevel.NOTHING,
    }).admin();
    await admin.connect();
    const [{ partitions }] = await admin.fetchOffsets({ groupId: topic, topics: [topic] });
    assertEquals(partitions.map(({ offset }) => offset), ["10"]);
    await admin.disconnect();
  });
}

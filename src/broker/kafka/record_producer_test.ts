/** Produces to a made-up cluster that keeps batches as Kafka does, and whose nodes fail in each way that nodes do. */
import { Buffer } from "node:buffer";
import { DeliveryError } from "../../runtime/delivery_error.ts";
import { assert, assertEquals, assertRejects } from "../../testing/assert.ts";
import type { KafkaClient, TopicConnection, WireRequest } from "./client.ts";
import { Cluster } from "./cluster.ts";
import { RecordProducer } from "./record_producer.ts";
import { numbered, numbersOf, range } from "./testing/numbered_records.ts";
import { RecordSet } from "./wire/record_set.ts";

const INIT_PRODUCER_ID = 22;
const NOT_LEADER = 6, TOO_LARGE = 10, OUT_OF_ORDER = 45, DUPLICATE = 46;

interface Sent {
  node: number;
  partition: number;
  producerId: bigint;
  sequence: number;
  numbers: number[];
}

/** Kafka, as far as a producer sees it. */
class MadeUpCluster {
  leaders: number[];
  readonly logs: number[][];
  /** The next sequence number of each producer in each partition. */
  readonly expected: Map<bigint, number>[];
  readonly requests: Sent[][] = [];
  producers = 0;
  connections = 0;
  /** Called before a node takes a request; what it throws is the connection's error. */
  before: (sent: Sent[]) => unknown = () => {};
  /** Called after a node took a request; what it throws is the connection's error: the answer is lost. */
  after: (sent: Sent[], codes: Map<number, number>) => unknown = () => {};

  constructor(leaders: number[]) {
    this.leaders = leaders;
    this.logs = leaders.map(() => []);
    this.expected = leaders.map(() => new Map());
  }

  open(limits: { deliveryTimeoutMs?: number } = {}): RecordProducer {
    const client: Partial<KafkaClient> = {
      topic: () => Promise.resolve({ id: undefined, leaders: [...this.leaders] }),
      connect: () => Promise.resolve(this.#connect()),
      explain: (error) => ({ isFinal: false, message: (error as Error).message }),
    };
    return new RecordProducer(new Cluster(client as KafkaClient, "kafka://made-up", limits), "t", "none");
  }

  #connect(): TopicConnection {
    this.connections++;
    let known = [...this.leaders];
    const connection: Partial<TopicConnection> = {
      leaders: () => Promise.resolve(new Map(known.entries())),
      refresh: () => Promise.resolve(void (known = [...this.leaders])),
      close: () => Promise.resolve(),
      send: async <T>(node: number, request: WireRequest<T>) =>
        request.decode(await this.#answer(node, request)),
    };
    return connection as TopicConnection;
  }

  async #answer(node: number, { apiKey, body }: WireRequest<unknown>): Promise<Buffer> {
    if (apiKey === INIT_PRODUCER_ID) {
      const answer = Buffer.alloc(16);
      answer.writeBigInt64BE(BigInt(++this.producers), 6);
      return answer;
    }
    const sent = readRequest(node, body);
    this.requests.push(sent);
    await this.before(sent);
    const codes = new Map(sent.map((each) => [each.partition, this.#keep(each)]));
    await this.after(sent, codes);
    const answer = Buffer.alloc(11 + codes.size * 30);
    answer.writeInt32BE(1);
    answer.writeInt16BE(1, 4);
    answer.writeInt32BE(codes.size, 7);
    [...codes].forEach(([partition, code], i) => {
      answer.writeInt32BE(partition, 11 + i * 30);
      answer.writeInt16BE(code, 15 + i * 30);
    });
    return answer;
  }

  #keep({ node, partition, producerId, sequence, numbers }: Sent): number {
    if (this.leaders[partition] !== node) return NOT_LEADER;
    const next = this.expected[partition].get(producerId) ?? 0;
    if (sequence < next) return DUPLICATE;
    if (sequence > next) return OUT_OF_ORDER;
    this.expected[partition].set(producerId, next + numbers.length);
    this.logs[partition].push(...numbers);
    return 0;
  }

  /** Each record must be there, once. */
  assertHolds(count: number): void {
    assertEquals(this.logs.flat().toSorted((a, b) => a - b), range(0, count));
    for (const log of this.logs) assertEquals(log, log.toSorted((a, b) => a - b));
  }
}

function readRequest(node: number, body: Buffer): Sent[] {
  const sent: Sent[] = [];
  let at = 14 + body.readInt16BE(12);
  const count = body.readInt32BE(at);
  at += 4;
  for (let i = 0; i < count; i++) {
    const partition = body.readInt32BE(at);
    const size = body.readInt32BE(at + 4);
    const bytes = body.subarray(at + 8, at + 8 + size);
    const batch = new RecordSet(bytes, { topic: "t", partition, fromOffset: 0 }).next(1e6)!;
    sent.push({
      node,
      partition,
      producerId: bytes.readBigInt64BE(43),
      sequence: bytes.readInt32BE(53),
      numbers: numbersOf(batch),
    });
    at += 8 + size;
  }
  return sent;
}

const lost = () => {
  throw new Error("the connection was closed");
};

Deno.test("RecordProducer.produce() sends a partition whose new leader has answered for another before", async () => {
  const cluster = new MadeUpCluster([1, 2]);
  // Node 2 loses its partition to node 1, which has taken the other one by then.
  cluster.before = ([{ node }]) => {
    if (node === 2) cluster.leaders = [1, 1];
  };
  await using producer = closing(cluster.open());
  await producer.produce(numbered(0, 100));
  cluster.assertHolds(100);
  assertEquals(cluster.requests.length, 3);
});

Deno.test("RecordProducer.produce() keeps its numbers over lost answers, new connections and new leaders", async () => {
  for (const faults of [1, 2, 5]) {
    const cluster = new MadeUpCluster([1, 2, 1, 3]);
    let left = faults;
    cluster.after = () => left-- > 0 && lost();
    await using producer = closing(cluster.open());
    for (let from = 0; from < 1000; from += 100) {
      if (from === 500) cluster.leaders = [2, 3, 3, 1];
      if (from === 500) left = faults;
      await producer.produce(numbered(from, from + 100));
    }
    cluster.assertHolds(1000);
    assertEquals(cluster.producers, 1);
    assert(faults < 5 || cluster.connections > 1, "a second failure makes new connections");
  }
});

Deno.test("RecordProducer.produce() sends what an answer left out, and takes a duplicate as kept", async () => {
  const cluster = new MadeUpCluster([1, 1]);
  cluster.after = (_, codes) => {
    if (cluster.requests.length === 1) codes.delete(1);
  };
  await using producer = closing(cluster.open());
  await producer.produce(numbered(0, 50));
  cluster.assertHolds(50);
  const [first, second] = cluster.requests;
  assertEquals(second.map(({ partition }) => partition), [1]);
  assertEquals(second[0].sequence, first.find(({ partition }) => partition === 1)!.sequence);
});

Deno.test("RecordProducer.produce() begins a new sequence where the broker forgot the old one, in that partition alone", async () => {
  const cluster = new MadeUpCluster([1, 2]);
  await using producer = closing(cluster.open());
  await producer.produce(numbered(0, 50));
  cluster.expected[1].clear();
  await producer.produce(numbered(50, 100));
  cluster.assertHolds(100);
  const ids = (partition: number) =>
    new Set(
      cluster.requests.flat().filter((each) => each.partition === partition).map((each) => each.producerId),
    );
  assertEquals([ids(0), ids(1)], [new Set([1n]), new Set([1n, 2n])]);
});

Deno.test("RecordProducer.produce() never hides later records behind one whose fate is not known", async () => {
  const cluster = new MadeUpCluster([1]);
  await using producer = closing(cluster.open({ deliveryTimeoutMs: 50 }));
  cluster.after = lost;
  const error = await assertRejects(() => producer.produce(numbered(0, 10)), DeliveryError, "within 50 ms");
  assertEquals((error as DeliveryError).retriable, true);
  cluster.after = () => {};
  await producer.produce(numbered(10, 20));
  // On a busy machine the time may be over before the first ones were sent at all.
  assertEquals(cluster.logs[0].filter((number) => number >= 10), range(10, 20));
});

Deno.test("RecordProducer.produce() goes on beyond its deadline while the caller persists", async () => {
  const cluster = new MadeUpCluster([1, 2]);
  await using producer = closing(cluster.open({ deliveryTimeoutMs: 10 }));
  const endsAt = performance.now() + 300;
  cluster.after = () => performance.now() < endsAt && lost();
  const persist = new AbortController().signal;
  await producer.produce(numbered(0, 100), { persist });
  cluster.assertHolds(100);
  cluster.after = lost;
  await assertRejects(
    () => producer.produce(numbered(100, 110), { persist: AbortSignal.abort() }),
    DeliveryError,
  );
});

Deno.test("RecordProducer.produce() throws what a broker refuses for good, whatever the other partitions say", async () => {
  const cluster = new MadeUpCluster([1, 1]);
  cluster.after = (sent, codes) => {
    for (const { partition } of sent) codes.set(partition, partition === 0 ? NOT_LEADER : TOO_LARGE);
  };
  await using producer = closing(cluster.open());
  const error = await assertRejects(
    () => producer.produce(numbered(0, 50)),
    DeliveryError,
    "MESSAGE_TOO_LARGE",
  );
  assertEquals((error as DeliveryError).retriable, false);
});

Deno.test("RecordProducer.produce() splits what is too much for one request, in order", async () => {
  const cluster = new MadeUpCluster([1, 2]);
  await using producer = closing(cluster.open());
  const filler = "x".repeat(2000);
  await producer.produce(numbered(0, 3000).map((each) => ({ ...each, headers: { filler } })));
  cluster.assertHolds(3000);
  assert(cluster.requests.length > 4);
  assertEquals(cluster.producers, 1);
});

function closing(producer: RecordProducer) {
  return Object.assign(producer, { [Symbol.asyncDispose]: () => producer.close() });
}

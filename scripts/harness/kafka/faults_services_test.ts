import { fileURLToPath } from "node:url";
import { openServices } from "../../services/open_services.ts";
import { DeliveryError } from "../../../src/runtime/delivery_error.ts";
import { assert, assertEquals, assertRejects } from "../../../src/testing/assert.ts";
import { openProxy } from "../../../src/testing/proxy.ts";
import { needs } from "../../../src/testing/services.ts";
import { until } from "../../../src/testing/until.ts";
import type { Broker, BrokerEvent } from "../../../src/broker/broker.ts";
import {
  follow,
  newTopic,
  numbered,
  numbersOf,
  range,
  readAll,
} from "../../../src/broker/kafka/testing/numbered_records.ts";
import { kafkaClients, type OpenKafka } from "../../../src/broker/kafka/testing/clients.ts";
import { patience } from "../../../src/testing/patience.ts";

const kafka = await needs("kafka");
for (const [client, openKafkaBroker] of Object.entries(kafkaClients)) testFaults(client, openKafkaBroker);

function testFaults(client: string, openKafkaBroker: OpenKafka) {
  const service = () => kafka.services.kafka;
  const open = () => openKafkaBroker(service().url);
  const test = (name: string, fn: () => Promise<void>) =>
    Deno.test({
      ...kafka.test(`kafka broker over ${client}: ${name}`),
      sanitizeOps: false,
      sanitizeResources: false,
      fn,
    });

  test("a partition that stays with its member goes on without an event when another member comes and goes", async () => {
    await using broker = await open();
    const topic = newTopic();
    await broker.ensureTopic(topic, { partitions: 2 });
    const held = [new Set<number>(), new Set<number>()];
    const events: string[][] = [[], []];
    const members = [];
    for (const member of [0, 1]) {
      const ending = new AbortController();
      const subscription = await broker.subscribe(topic, topic, {
        signal: ending.signal,
        sessionTimeoutMs: 6000,
      });
      members.push(follow(subscription, ending, (event) => {
        if (event.type === "assigned") event.partitions.forEach((partition) => held[member].add(partition));
        if (event.type === "revoked") event.partitions.forEach((partition) => held[member].delete(partition));
        if (event.type !== "idle") events[member].push(event.type);
      }));
      await until(() => held[member].size === 2 - member, { what: `member ${member} with its partitions` });
    }
    await until(() => held[0].size === 1, { what: "one partition each" });
    await members[1].stop();
    await until(() => held[0].size === 2, { what: "both partitions with the first" });
    await members[0].stop();
    assertEquals(events[0], ["assigned", "revoked", "assigned"]);
  });

  /** Consumes numbers while `disturb` does its worst and a second broker produces; all must come, in order, each once. */
  async function surviveWhile(url: string, disturb: () => Promise<void>) {
    await using consuming = await openKafkaBroker(url);
    await using producing = await open();
    const topic = newTopic();
    await consuming.ensureTopic(topic, { partitions: 2 });
    const ending = new AbortController();
    const subscription = await consuming.subscribe(topic, topic, {
      signal: ending.signal,
      sessionTimeoutMs: 6000,
    });
    const next = new Map<number, number>();
    const numbers = new Set<number>();
    const reading = follow(subscription, ending, (event) => {
      if (event.type === "assigned") {
        for (const partition of event.partitions) subscription.seek(partition, next.get(partition) ?? 0);
      } else if (event.type === "batch") {
        const { partition, offsets, nextOffset } = event.batch;
        assertEquals(offsets[0], next.get(partition) ?? 0);
        next.set(partition, nextOffset);
        for (const number of numbersOf(event.batch)) {
          assert(!numbers.has(number), `${number} came twice`);
          numbers.add(number);
        }
      }
    });
    let produced = 0;
    let isDisturbed = true;
    const writing = (async () => {
      while (isDisturbed) await producing.produce(topic, numbered(produced, produced += 200));
      await producing.produce(topic, numbered(produced, produced += 200));
    })();
    await until(() => numbers.size > 1000, { what: "records before the disturbance" });
    await disturb();
    isDisturbed = false;
    await writing;
    await until(() => numbers.size === produced, { timeoutMs: 60_000, what: `all ${produced} records` });
    await reading.stop();
  }

  const through = (url: URL) => openProxy({ target: { port: Number(url.port) }, port: proxiedPort() });
  const proxiedPort = () => Number(service().proxied.advertised.split(":")[1]);
  const upstream = () => new URL(`http://${service().proxied.upstream}`);
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  test("goes on by itself after cut connections, a broker that is silent and one that is unreachable", async () => {
    await using proxy = through(upstream());
    await surviveWhile(`kafka://${service().proxied.advertised}`, async () => {
      for (let i = 0; i < 5; i++) {
        proxy.cut();
        await wait(500);
      }
      proxy.hold();
      await wait(8000); // longer than the session time-out
      proxy.resume();
      await wait(1000);
      proxy.refuse();
      await wait(10_000);
      proxy.resume();
    });
  });

  test("goes on by itself when the broker is restarted, and when it is killed", async () => {
    const { handles } = await openServices({ only: ["kafka"], start: false });
    await surviveWhile(service().url, async () => {
      await handles.kafka.restart();
      await handles.kafka.kill();
      await handles.kafka.start();
    });
  });

  test("produce() gives up in time where the broker is gone, and the next call finds it again", async () => {
    await using proxy = through(upstream());
    await using broker = await openKafkaBroker(`kafka://${service().proxied.advertised}`, {
      deliveryTimeoutMs: 2000,
    });
    const topic = newTopic();
    await broker.ensureTopic(topic);
    await broker.produce(topic, numbered(0, 10));
    proxy.refuse();
    const startedAt = performance.now();
    const error = await assertRejects(
      () => broker.produce(topic, numbered(10, 20)),
      DeliveryError,
      "within 2000 ms",
    );
    assert(error instanceof DeliveryError && error.retriable);
    assert(performance.now() - startedAt < patience(20_000));
    proxy.resume();
    await broker.produce(topic, numbered(20, 30));
    const numbers = await readAll(broker, topic);
    assertEquals(numbers, [...range(0, 10), ...range(20, 30)]);
  });

  test("iteration throws when the cluster stays away for longer than it may", async () => {
    const proxy = through(upstream());
    await using broker = await openKafkaBroker(`kafka://${service().proxied.advertised}`, { giveUpMs: 1000 });
    const topic = newTopic();
    await broker.ensureTopic(topic);
    await using subscription = await broker.subscribe(topic, topic);
    await assertRejects(
      async () => {
        for await (const event of subscription) if (event.type === "idle") proxy.refuse();
      },
      DeliveryError,
      "within 1000 ms",
    );
    await proxy.close();
  });

  /** A member in a process of its own; `said` has a line for each of its events. */
  async function spawnMember(topic: string) {
    const process = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-check",
        "--config",
        fileURLToPath(new URL("../../../deno.json", import.meta.url)),
        "-",
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const stdin = process.stdin.getWriter();
    await stdin.write(new TextEncoder().encode(`
    import { kafkaClients } from ${
      JSON.stringify(new URL("../../../src/broker/kafka/testing/clients.ts", import.meta.url).href)
    };
    const broker = await kafkaClients.${client}(${JSON.stringify(service().url)});
    const subscription = await broker.subscribe("${topic}", "${topic}", { sessionTimeoutMs: 6000 });
    for await (const event of subscription) console.log(event.type, event.partitions?.join() ?? "");
  `));
    await stdin.close();
    const member = {
      said: "",
      signal: (signal: Deno.Signal) => process.kill(signal),
      async [Symbol.asyncDispose]() {
        process.kill("SIGKILL");
        await process.status;
        await listening;
      },
    };
    const listening = (async () => {
      for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) member.said += text;
    })();
    await until(() => member.said.includes("idle"), { what: "the other member with its partitions" });
    return member;
  }

  /** A member in this process that keeps account of its partitions and of the numbers it saw. */
  async function joinHere(
    broker: Broker,
    topic: string,
    onEvent: (event: BrokerEvent) => unknown = () => {},
  ) {
    const held = new Set<number>();
    const numbers = new Set<number>();
    const ending = new AbortController();
    const subscription = await broker.subscribe(topic, topic, {
      signal: ending.signal,
      sessionTimeoutMs: 6000,
    });
    const { stop } = follow(subscription, ending, (event) => {
      if (event.type === "assigned") event.partitions.forEach((partition) => held.add(partition));
      if (event.type === "revoked") event.partitions.forEach((partition) => held.delete(partition));
      if (event.type === "batch") { for (const number of numbersOf(event.batch)) numbers.add(number); }
      return onEvent(event);
    });
    return { held, numbers, stop };
  }

  test("partitions of a member that was killed go to the others, and what it had not committed is read again", async () => {
    await using broker = await open();
    const topic = newTopic();
    await broker.ensureTopic(topic, { partitions: 4 });
    const other = await spawnMember(topic);
    const { held, numbers, stop } = await joinHere(broker, topic);
    await until(() => held.size === 2 && other.said.includes("revoked"), { what: "two partitions each" });
    await broker.produce(topic, numbered(0, 1000));
    await other[Symbol.asyncDispose]();
    await until(() => held.size === 4 && numbers.size === 1000, {
      timeoutMs: 30_000,
      what: "all partitions and records",
    });
    await stop();
  });

  test("a member that was frozen past its session time-out gets no batch of what it lost", async () => {
    await using broker = await open();
    const topic = newTopic();
    await broker.ensureTopic(topic, { partitions: 2 });
    await using other = await spawnMember(topic);
    const { held, numbers, stop } = await joinHere(broker, topic);
    await until(() => held.size === 1 && other.said.includes("revoked"), { what: "one partition each" });
    const kept = other.said;
    other.signal("SIGSTOP");
    await until(() => held.size === 2, { timeoutMs: 30_000, what: "both partitions here" });
    await broker.produce(topic, numbered(0, 1000));
    await until(() => numbers.size === 1000, { what: "all records here" });
    other.signal("SIGCONT");
    await until(() => /revoked [^]*assigned/.test(other.said.slice(kept.length)), {
      timeoutMs: 30_000,
      what: "the other member back with a partition",
    });
    const first = other.said.slice(kept.length).trim().split("\n").find((line) => !line.startsWith("idle"));
    assert(first?.startsWith("revoked"), `"revoked" must come first: it is "${first}"`);
    await stop();
  });

  test("a caller that is stuck in an event loses its partitions to others, and gets some back when it returns", async () => {
    await using stuck = await openKafkaBroker(service().url, { maxEventMs: 1500 });
    await using broker = await open();
    const topic = newTopic();
    await broker.ensureTopic(topic, { partitions: 2 });
    await broker.produce(topic, numbered(0, 100));
    const release = Promise.withResolvers<void>();
    const events: string[] = [];
    const slow = await joinHere(stuck, topic, (event) => {
      events.push(event.type);
      return event.type === "batch" ? release.promise : undefined;
    });
    await until(() => events.includes("batch"), { what: "a batch to be stuck in" });
    const quick = await joinHere(broker, topic);
    await until(() => quick.held.size === 2 && quick.numbers.size === 100, {
      what: "everything with the other member",
    });
    assertEquals(events, ["assigned", "batch"]);
    release.resolve();
    await until(() => slow.held.size === 1 && quick.held.size === 1, { what: "one partition each" });
    assertEquals(events.slice(0, 4), ["assigned", "batch", "revoked", "assigned"]);
    await slow.stop();
    await quick.stop();
  });
}

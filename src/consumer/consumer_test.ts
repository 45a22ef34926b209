import type { Broker } from "../broker/broker.ts";
import { DeliveryError } from "../runtime/delivery_error.ts";
import { Judge } from "../pipeline/judge.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { openSqliteLedger } from "../ledger/sqlite/ledger.ts";
import { openDirectory } from "../objects/directory/store.ts";
import { createTelemetry } from "../runtime/telemetry.ts";
import { assertEquals, assertMatch } from "../testing/assert.ts";
import { until } from "../testing/until.ts";
import { verify } from "../verify/verify.ts";
import { runConsumer } from "./consumer.ts";
import { onEmbedded, withMethod } from "./testing/embedded.ts";
import type { ConsumerStatus } from "./status.ts";

/** The stream, but that nobody can be told the lag while `isAway()`. */
function withoutLag(broker: Broker, isAway: () => boolean): Broker {
  return withMethod(broker, "subscribe", async (...args) => {
    const subscription = await broker.subscribe(...args);
    const lag = subscription.lag.bind(subscription);
    subscription.lag = () => isAway() ? Promise.reject(new Error("nobody answers")) : lag();
    return subscription;
  });
}

Deno.test("runConsumer() says that the stream cannot be looked at, and that it can again", () =>
  onEmbedded({ count: 200, partitions: 1 }, async (parts) => {
    const lines: string[] = [];
    const statuses: ConsumerStatus[] = [];
    const telemetry = createTelemetry({ write: (line) => lines.push(line) });
    const reads = `stream ${parts.broker.name}`;
    telemetry.trouble(reads, "labels cannot be read");
    let isAway = true;
    const ending = new AbortController();
    const broker = withoutLag(parts.broker, () => isAway);
    const running = runConsumer({ ...parts, broker, telemetry }, {
      signal: ending.signal,
      statusIntervalMs: 5,
      onStatus: (status) => statuses.push(status),
    });
    const saying = (what: RegExp) =>
      until(() => lines.some((line) => what.test(line)), { timeoutMs: 60_000, what: `a line like ${what}` });
    await saying(/nobody answers/);
    assertEquals(statuses, []);
    isAway = false;
    await saying(/works again/);
    await until(() => statuses.length > 0, { timeoutMs: 60_000, what: "a status" });
    ending.abort();
    await running;
    const [first] = lines.filter((line) => line.includes("nobody answers"));
    assertMatch(first, /^warn: lag of stream .*stream\.db: it is not known: nobody answers; trying again/);
    // The reads of labels, which do not work yet, are not said to work.
    assertEquals(lines.filter((line) => line.startsWith(`warn: ${reads}: works again`)), []);
  }));

/** The stream, but that it does not answer to those who read it until they give up. */
function withoutReads(broker: Broker, onRead: () => void): Broker {
  return withMethod(broker, "read", (_topic, _partition, { signal }) => {
    onRead();
    const next = () =>
      new Promise<never>((_, reject) => {
        signal?.addEventListener("abort", () => reject(new DeliveryError("silence", { retriable: true })));
      });
    return { [Symbol.asyncIterator]: () => ({ next }) };
  });
}

Deno.test("runConsumer() ends in the time it has where the stream does not answer to a claim", () =>
  onEmbedded({ count: 200, partitions: 1 }, async (embedded) => {
    const parts = { ...embedded, telemetry: createTelemetry({ write: () => {} }) };
    const ledger = withMethod(parts.ledger, "keepSnapshot", () => Promise.resolve());
    await runConsumer({ ...parts, ledger }, { untilEmpty: true });
    // What is committed is replayed at the next claim, as no snapshot was kept.
    const ending = new AbortController();
    let isReading = false;
    const broker = withoutReads(parts.broker, () => isReading = true);
    const running = runConsumer({ ...parts, broker }, { signal: ending.signal, stopWithinMs: 50 });
    const ended = running.then(() => "in good order", ({ message }) => message);
    await until(() => isReading, { timeoutMs: 60_000, what: "a read" });
    ending.abort();
    assertEquals(await ended, "in good order");
  }));

/** The ledger, in which another consumer claims a partition just before its first commit. */
function withRival(ledger: Ledger, topic: string, streamId: string): Ledger {
  let hasCome = false;
  return withMethod(ledger, "commit", async (outcome) => {
    if (!hasCome) await ledger.claim(topic, outcome.partition, { owner: "rival", streamId });
    hasCome = true;
    return await ledger.commit(outcome);
  });
}

Deno.test("runConsumer() reads again what it could not commit as another had claimed it, though no record follows", () =>
  onEmbedded({ count: 300, partitions: 2 }, async (parts, { count }) => {
    const { broker, ledger, store } = parts;
    const topic = "transactions";
    const lines: string[] = [];
    await runConsumer({
      ...parts,
      ledger: withRival(ledger, topic, await broker.id()),
      telemetry: createTelemetry({ level: "warn", write: (line) => lines.push(line) }),
    }, { untilEmpty: true });
    assertEquals(lines.length, 1);
    assertMatch(lines[0], /partition [01]: another consumer has claimed it/);
    const { problems, committed } = await verify({ broker, ledger, store, topic });
    assertEquals([problems, committed], [[], count]);
  }));

Deno.test("runConsumer() warns where only frauds are labelled and the model expects both", () =>
  onEmbedded({ count: 12_000, labels: "frauds" }, async (parts, { folder }) => {
    const { model } = parts.judge;
    const linesOf = async (presumeLegitimateAfterMs?: number) => {
      const lines: string[] = [];
      const group = crypto.randomUUID();
      await using ledger = openSqliteLedger(`${folder}/${group}.db`);
      await using store = openDirectory(`${folder}/${group}`);
      using judge = await Judge.open({ ...model, manifest: { ...model.manifest, presumeLegitimateAfterMs } });
      await runConsumer({
        ...{ ...parts, ledger, store, judge },
        telemetry: createTelemetry({ level: "warn", write: (line) => lines.push(line) }),
      }, { untilEmpty: true, group });
      return lines;
    };
    const lines = await linesOf();
    assertEquals(lines.length, 1);
    assertMatch(lines[0], /first 100 labels all say fraud/);
    assertEquals(await linesOf(7 * 86_400_000), []);
  }));

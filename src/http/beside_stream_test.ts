/** The hook by which a stream that is caught up with leaves requests their turns. */
import { setImmediate } from "node:timers/promises";
import { Judge } from "../pipeline/judge.ts";
import { outcomeOf } from "../ledger/testing/outcomes.ts";
import { createTelemetry } from "../runtime/telemetry.ts";
import { assert, assertEquals } from "../testing/assert.ts";
import { openBesideStream } from "./beside_stream.ts";
import { openTestingApp } from "./testing/app.ts";

const BATCH_MS = 15;
const MOST_BATCHES = 60;

/** Keeps the thread as a batch does. */
function work(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** A service beside a stream, with all that it stands on. */
async function openService() {
  await using resources = new AsyncDisposableStack();
  const { broker, ledger, model } = resources.use(await openTestingApp());
  const judge = resources.use(await Judge.open(model));
  const service = resources.use(
    await openBesideStream({ hostname: "127.0.0.1", port: 0 }, {}, {
      ...{ broker, ledger, judge },
      modelFiles: { manifest: new Uint8Array(), forest: new Uint8Array(), card: undefined },
      ...{ topic: "transactions", labelTopic: "labels", telemetry: createTelemetry({ write() {} }) },
    }),
  );
  const all = resources.move();
  return { service, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

Deno.test("giveWay() lets a request be answered within a few batches, where one turn between them takes many", async () => {
  await using opened = await openService();
  const { service } = opened;
  const { giveWay, onCommit } = service.hooks;
  /** Batches that went by until a request was answered. */
  const batchesOfOne = async (way: () => Promise<unknown>) => {
    let isAnswered = false;
    const answer = fetch(new URL("v1/flagged?limit=5", service.url)).then(async (response) => {
      assertEquals(response.status, 200);
      await response.text();
      isAnswered = true;
    });
    let batches = 0;
    for (; !isAnswered && batches < MOST_BATCHES; batches++) {
      work(BATCH_MS);
      onCommit!(outcomeOf("transactions", [batches, batches + 1], 1), BATCH_MS);
      await way();
    }
    await answer;
    return batches;
  };
  await batchesOfOne(giveWay!);
  const counts: number[] = [];
  const without: number[] = [];
  for (let i = 0; i < 3; i++) {
    counts.push(await batchesOfOne(giveWay!));
    without.push(await batchesOfOne(setImmediate));
  }
  const median = (all: number[]) => all.toSorted((a, b) => a - b)[1];
  assert(median(counts) < median(without), `${counts} batches with it, ${without} without`);
  assert(median(counts) <= 6, `${counts} batches`);
});

Deno.test("giveWay() ends though a request stays in hand", async () => {
  await using opened = await openService();
  const { service } = opened;
  // Events go on for as long as somebody listens.
  const listening = new AbortController();
  const response = await fetch(new URL("v1/events", service.url), { signal: listening.signal });
  assertEquals(response.status, 200);
  for (let i = 0; i < 20; i++) await service.hooks.giveWay!();
  listening.abort();
  await response.body?.cancel().catch(() => {});
});

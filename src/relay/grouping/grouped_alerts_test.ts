import type { Alert } from "../../alerts/alerts.ts";
import { retry } from "../../runtime/retry.ts";
import { DeliveryError } from "../../runtime/delivery_error.ts";
import { FencedError } from "../../ledger/ledger.ts";
import { assert, assertEquals, assertRejects } from "../../testing/assert.ts";
import { AlertBudget } from "./alert_budget.ts";
import { isSettled } from "./alert_plan.ts";
import { alertStep } from "../alerts.ts";
import { TestingLedger } from "../testing/ledger.ts";

const KEY = { listener: "l", topic: "transactions", partition: 0 };
const MINUTE = 60_000;

/** A listener, a clock, and the step between them and a ledger. */
function openStep(
  ledger: TestingLedger,
  options: { perMinute?: number; windowMs?: number; epoch?: number } = {},
) {
  const sent: Alert[] = [];
  const givenUp: string[] = [];
  const clock = { ms: Date.UTC(2026, 0, 2) };
  let answer: (alert: Alert) => DeliveryError | undefined = () => undefined;
  const sink = {
    send([alert, ...others]: readonly Alert[]) {
      assertEquals(others, []);
      sent.push(alert);
      const failure = answer(alert);
      return failure === undefined ? Promise.resolve() : Promise.reject(failure);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const again = () =>
    alertStep(
      {
        name: "l",
        sink,
        grouping: {
          windowMs: options.windowMs ?? 5 * MINUTE,
          budget: new AlertBudget(options.perMinute ?? 20),
          retryForMs: 60 * MINUTE,
          nowMs: () => clock.ms,
        },
      },
      ledger.port,
      { topic: KEY.topic, partition: 0, epoch: options.epoch ?? 1 },
      { onDelivered() {}, onGivenUp: ({ id }) => givenUp.push(id) },
    );
  const state = { step: again() };
  return {
    sent,
    givenUp,
    clock,
    /** Another process goes on with what the ledger holds. */
    restart: () => void (state.step = again()),
    answer: (how: typeof answer) => void (answer = how),
    once: (finish = false) => state.step(finish),
    /** Steps until nothing is due now; failures are repeated at once. */
    async work(finish = false) {
      for (;;) {
        const next = await retry(() => state.step(finish), { maxDelayMs: 1 });
        if (next !== "more") return next;
      }
    },
  };
}

/** How many transactions distinct alerts are about. */
function told(alerts: readonly Alert[]): number {
  const byId = new Map(alerts.map((alert) => [alert.id, alert.group?.count ?? 1]));
  return [...byId.values()].reduce((sum, count) => sum + count, 0);
}

const later = () => new DeliveryError("Cannot tell: 503", { retriable: true });
const refused = () => new DeliveryError("Cannot tell: 410", { retriable: false });

Deno.test("a customer's first alert comes at once, what follows in the window in one alert at its end", async () => {
  const ledger = new TestingLedger();
  const { sent, clock, work } = openStep(ledger);
  ledger.flag("c1");
  assertEquals(await work(), Infinity);
  assertEquals(sent.splice(0), [{ id: "transactions/0/3", verdict: '{"transaction_id":"t3"}' }]);
  clock.ms += MINUTE;
  ledger.flag("c1", { currency: "JPY", amountMinor: 500 });
  ledger.flag("c1", { anomalyScore: 0.9 });
  ledger.flag("c1");
  ledger.flag("c2");
  assertEquals(await work(), 4 * MINUTE);
  assertEquals(sent.splice(0).map(({ id }) => id), ["transactions/0/15"]);
  clock.ms += 4 * MINUTE;
  await work();
  assertEquals(sent.splice(0), [{
    id: "transactions/0/6-12",
    verdict: '{"transaction_id":"t9"}',
    group: {
      kind: "customer",
      count: 3,
      customers: 1,
      amounts: [{ currency: "JPY", amount: 500 }, { currency: "EUR", amount: 21 }],
      from: "2026-01-01T00:00:06.000Z",
      to: "2026-01-01T00:00:12.000Z",
    },
  }]);
  // The alert opened the next window; one transaction at its end is no group.
  ledger.flag("c1");
  assertEquals(await work(), 5 * MINUTE);
  clock.ms += 5 * MINUTE;
  await work();
  assertEquals(sent.splice(0).map(({ id, group }) => [id, group]), [["transactions/0/18", undefined]]);
  clock.ms += 5 * MINUTE;
  assertEquals(await work(), Infinity);
});

Deno.test("10,000 flagged transactions of one card in a minute give two alerts, which tell of all of them", async () => {
  const ledger = new TestingLedger();
  const { sent, clock, work } = openStep(ledger);
  for (let i = 0; i < 10_000; i++) {
    ledger.flag("c1");
    if (i % 500 === 0) {
      await work();
      clock.ms += 3000;
    }
  }
  await work();
  assertEquals(sent.length, 1);
  clock.ms += 5 * MINUTE;
  await work();
  assertEquals([sent.length, told(sent), sent[1].group?.amounts[0].amount], [2, 10_000, 9999 * 10.5]);
});

Deno.test("an attack with many cards gives the minute's alerts and one for the rest, and no state that grows", async () => {
  const ledger = new TestingLedger();
  const { sent, clock, work } = openStep(ledger, { perMinute: 5 });
  for (let i = 0; i < 5000; i++) ledger.flag(`c${i % 2500}`);
  assertEquals(await work(), MINUTE);
  assertEquals(sent.length, 5);
  clock.ms += MINUTE;
  await work();
  const [, , , , , rest] = sent;
  // Each of the five has one more, which waits for the end of its window.
  assertEquals([sent.length, rest.group?.kind, rest.group?.count, rest.group?.customers], [
    6,
    "rest",
    4990,
    2495,
  ]);
  assert(ledger.recorded!.state.length < 50_000, `${ledger.recorded!.state.length}`);
  clock.ms += 5 * MINUTE;
  await work();
  assertEquals([sent.length, told(sent)], [11, 5000]);
  assertEquals(isSettled(ledger.recorded!.state), true);
});

Deno.test("at the end all that is held is told, and the windows stay open for the next run", async () => {
  const ledger = new TestingLedger();
  const { sent, clock, work, restart } = openStep(ledger, { perMinute: 3 });
  for (let i = 0; i < 40; i++) ledger.flag(`c${i % 4}`);
  await work();
  assertEquals(isSettled(ledger.recorded!.state), false);
  await work(true);
  assertEquals([sent.length, told(sent), isSettled(ledger.recorded!.state)], [4, 40, true]);
  restart();
  // Neither the budget of the minute nor the windows begin anew.
  ledger.flag("c0");
  ledger.flag("c9");
  await work();
  assertEquals(sent.length, 4);
  clock.ms += MINUTE;
  await work();
  assertEquals(sent.length, 5);
  clock.ms += 4 * MINUTE;
  await work();
  assertEquals([sent.length, told(sent)], [6, 42]);
});

Deno.test("a listener that fails half of the time, in processes that are killed, gets each alert under one id", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    let state = seed;
    const random = () => (state = Math.imul(state, 1103515245) + 12345 >>> 0) / 2 ** 32;
    const ledger = new TestingLedger();
    const { sent, clock, once, restart, answer, work } = openStep(ledger, { perMinute: 6 });
    answer(() => random() < 0.5 ? later() : undefined);
    for (let i = 0; i < 300; i++) {
      for (let n = Math.floor(random() * 4); n > 0; n--) ledger.flag(`c${Math.floor(random() * 9)}`);
      if (random() < 0.2) ledger.failing = random() < 0.5 ? "before" : "after";
      // A step that fails is repeated, or its process is killed and another one goes on.
      await once(random() < 0.05).catch((error) => assert(error instanceof DeliveryError, error));
      if (random() < 0.2) restart();
      clock.ms += random() * 20_000;
    }
    answer(() => undefined);
    await work(true);
    assertEquals(told(sent), ledger.flagged.length, `seed ${seed}`);
    const texts = new Map<string, string>();
    for (const alert of sent) {
      assertEquals(
        texts.get(alert.id) ?? JSON.stringify(alert),
        JSON.stringify(alert),
        "an id of two alerts",
      );
      texts.set(alert.id, JSON.stringify(alert));
    }
    assert(sent.length > texts.size, "nothing was repeated");
  }
});

Deno.test("nothing is sent before it is recorded, and nothing under another's epoch", async () => {
  const ledger = new TestingLedger();
  ledger.flag("c1");
  const { sent, once, work } = openStep(ledger);
  ledger.failing = "before";
  await assertRejects(() => once(), DeliveryError);
  assertEquals(sent, []);
  await work();
  assertEquals(sent.length, 1);
  ledger.flag("c2");
  const other = openStep(ledger, { epoch: 2 });
  await assertRejects(() => other.once(), FencedError);
  assertEquals(other.sent, []);
});

Deno.test("an alert is given up when its time is over or it is refused, and the next one is sent", async () => {
  const ledger = new TestingLedger();
  const { sent, givenUp, clock, once, restart, answer, work } = openStep(ledger);
  answer(later);
  ledger.flag("c1");
  await assertRejects(() => once(), DeliveryError, "503");
  clock.ms += 59 * MINUTE;
  restart();
  await assertRejects(() => once(), DeliveryError, "503");
  assertEquals(givenUp, []);
  clock.ms += MINUTE;
  await work();
  assertEquals([givenUp, new Set(sent.map(({ id }) => id)).size], [["transactions/0/3"], 1]);
  answer(({ id }) => id.endsWith("/6") ? refused() : undefined);
  ledger.flag("c2");
  ledger.flag("c3");
  await work();
  assertEquals(givenUp, ["transactions/0/3", "transactions/0/6"]);
  assertEquals([sent.at(-1)?.id, isSettled(ledger.recorded!.state)], ["transactions/0/9", true]);
});

Deno.test("a backlog of hours becomes a few alerts when the listener is back", async () => {
  const ledger = new TestingLedger();
  const { sent, once, answer, work } = openStep(ledger, { perMinute: 10 });
  answer(later);
  ledger.flag("c0");
  await assertRejects(() => once(), DeliveryError);
  for (let i = 0; i < 8000; i++) ledger.flag(`c${i % 4000}`);
  sent.splice(0);
  answer(() => undefined);
  await work(true);
  assertEquals([sent.length, told(sent)], [11, 8001]);
});

Deno.test("an alert for the rest names the real number of customers, after a restart and of a state with ids", async () => {
  const ledger = new TestingLedger();
  const { sent, clock, work, restart } = openStep(ledger, { perMinute: 1 });
  for (let i = 0; i < 2000; i++) ledger.flag(`c${i}`);
  await work();
  const before = JSON.parse(ledger.recorded!.state);
  assertEquals(before.rest.held.customers.length, 1999);
  // As the first version recorded it.
  before.rest.held.customers = Array.from({ length: 1999 }, (_, i) => `c${i + 1}`);
  ledger.recorded!.state = JSON.stringify(before);
  restart();
  for (let i = 0; i < 7200; i++) ledger.flag(`c${i % 3601}`);
  clock.ms += MINUTE - 1;
  await work();
  clock.ms += 1;
  await work();
  const { count, customers, customers_at_least } = sent.at(-1)!.group!;
  // c0 has a window of its own.
  assertEquals([count, customers, customers_at_least], [1999 + 7200 - 2, 3600, undefined]);
});

Deno.test("a clock that is put back holds no alert for longer than a window", async () => {
  const ledger = new TestingLedger();
  const { sent, clock, work } = openStep(ledger);
  ledger.flag("c1");
  ledger.flag("c1");
  await work();
  clock.ms -= 24 * 60 * MINUTE;
  ledger.flag("c1");
  await work();
  clock.ms += 5 * MINUTE;
  await work();
  assertEquals(told(sent), 3);
});

Deno.test("a state of a newer version is refused, not dropped", async () => {
  const ledger = new TestingLedger();
  ledger.recorded = { state: '{"version":2}', offset: 5 };
  const { once } = openStep(ledger);
  await assertRejects(() => once(), Error, "current version is 2");
});

import { assert, assertEquals, assertMatch, assertNotEquals, assertThrows } from "../testing/assert.ts";
import type { SimulatedEvent, SimulatedLabel, TransactionEvent } from "./events/event.ts";
import { simulate, type SimulateOptions } from "./simulate.ts";

const DAY_MS = 86_400_000;
const start = new Date("2026-01-01T00:00:00Z");

function transactions(options: Partial<SimulateOptions>): TransactionEvent[] {
  return [...simulate({ randomSeed: 42, start, labels: "none", ...options })].map((event) => {
    assert(event.kind === "transaction");
    return event;
  });
}

function byScenario(options: Partial<SimulateOptions>): number[] {
  const counts = [0, 0, 0, 0, 0];
  for (const event of transactions(options)) counts[event.scenario]++;
  return counts;
}

async function sha256(events: Iterable<SimulatedEvent>): Promise<string> {
  const lines = Array.from(
    events,
    (event) => JSON.stringify(event.kind === "label" ? event.label : event.transaction),
  );
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(lines.join("\n")));
  return new Uint8Array(digest).toHex();
}

Deno.test("simulate() gives the same bytes for the same options, on this machine as on any other", async () => {
  const options = { randomSeed: 2 ** 32 - 1, start, count: 20_000, fraudRate: 0.02 };
  const hash = await sha256(simulate(options));
  assertEquals(hash, "ee308ab2fec402579756aa579e6c15611b5d57ad96bf22e33341135b050c4631");
  assertEquals(await sha256(simulate({ ...options, start: start.getTime() })), hash);
  assertNotEquals(await sha256(simulate({ ...options, randomSeed: 1 })), hash);
});

Deno.test("simulate() yields transactions of the wire format in time order, each with an id of its own", () => {
  const ids = new Set<string>();
  let last = start.toISOString();
  for (const { transaction: t, isFraud, scenario } of transactions({ count: 20_000, fraudRate: 0.05 })) {
    assert(!ids.has(t.transaction_id), `${t.transaction_id} comes twice`);
    ids.add(t.transaction_id);
    assertMatch(t.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert(t.timestamp >= last, `${t.timestamp} comes after ${last}`);
    last = t.timestamp;
    assert(
      t.amount > 0 && Math.abs(t.amount * 100 - Math.round(t.amount * 100)) < 1e-6,
      `amount ${t.amount}`,
    );
    assertMatch(t.currency, /^(EUR|USD|GBP)$/);
    assertMatch(t.merchant_category, /^\d{4}$/);
    assertMatch(t.country, /^[A-Z]{2}$/);
    assertMatch(t.channel, /^(pos|online|atm)$/);
    assertEquals(isFraud, scenario !== 0);
    assertEquals(Object.keys(t).length, 9, "a transaction says nothing of its scenario");
  }
});

Deno.test("simulate() spreads 100,000 transactions over five to eight weeks by default", () => {
  const all = transactions({ count: 100_000 });
  const days = (Date.parse(all.at(-1)!.transaction.timestamp) - start.getTime()) / DAY_MS;
  assert(days > 35 && days < 56, `${days} days`);
});

const longRuns: [string, Partial<SimulateOptions>][] = [
  ["by default", {}],
  ["at 0.001", { fraudRate: 0.001, count: 300_000 }],
  ["at 0.05", { fraudRate: 0.05 }],
  ["at 0.3", { fraudRate: 0.3 }],
  ["at 0.5", { fraudRate: 0.5 }],
  ["with few customers", { nCustomers: 50, fraudRate: 0.02 }],
  ["with many customers, so that it spans hours", { nCustomers: 60_000, nTerminals: 20_000 }],
  ["with few terminals", { nTerminals: 5 }],
  ["with one terminal and ten customers", { nTerminals: 1, nCustomers: 10 }],
  ["with another seed", { randomSeed: 7 }],
];

for (const [name, options] of longRuns) {
  Deno.test(`simulate() reaches the asked share of frauds within a fifth, all scenarios present: ${name}`, () => {
    const { count = 100_000, fraudRate = 0.01 } = options;
    const counts = byScenario({ ...options, count, fraudRate });
    const ratio = (count - counts[0]) / count / fraudRate;
    assert(ratio > 0.8 && ratio < 1.2, `${ratio} of the asked share, by scenario ${counts}`);
    const shares = counts.map((n) => n / (count - counts[0]));
    assert(shares.slice(1).every((share) => share > 0.05 && share < 0.6), `by scenario ${shares}`);
  });
}

Deno.test("simulate() has every scenario within 10,000 transactions at the default rate, for every seed tried", () => {
  for (let randomSeed = 0; randomSeed < 40; randomSeed++) {
    const counts = byScenario({ randomSeed, count: 10_000 });
    assert(Math.min(...counts.slice(1)) > 0, `seed ${randomSeed}: ${counts}`);
    const share = (10_000 - counts[0]) / 10_000;
    assert(share > 0.006 && share < 0.014, `seed ${randomSeed}: ${share}`);
  }
});

Deno.test("simulate() makes no fraud at rate 0, and the same legitimate purchases at any rate", () => {
  assertEquals(byScenario({ count: 20_000, fraudRate: 0 }), [20_000, 0, 0, 0, 0]);
  const purchases = (fraudRate: number) =>
    transactions({ count: 5_000, fraudRate }).filter((event) => event.scenario !== 4).slice(0, 4_000)
      .map(({ transaction: t }) => [t.customer_id, t.terminal_id, t.timestamp].join(" "));
  assertEquals(purchases(0.1), purchases(0));
});

Deno.test("simulate() follows the handbook's scenarios: over 220, one terminal for 28 days, one card for 14", () => {
  const all = transactions({ count: 100_000, fraudRate: 0.02 });
  const amounts = (scenario: number) =>
    all.filter((event) => event.scenario === scenario).map((event) => event.transaction.amount);
  assert(Math.min(...amounts(1)) > 220);
  assert(Math.max(...amounts(0), ...amounts(2)) <= 220);
  const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
  const usual = mean(amounts(0));
  assert(Math.abs(mean(amounts(2)) / usual - 1) < 0.15, "a compromised terminal leaves amounts alone");
  assert(Math.abs(mean(amounts(3)) / usual / 5 - 1) < 0.25, "a compromised card's are five times the usual");

  const spanOf = (scenario: number, key: "customer_id" | "terminal_id") => {
    const times = new Map<string, number[]>();
    for (const { transaction: t } of all.filter((event) => event.scenario === scenario)) {
      times.set(t[key], [...(times.get(t[key]) ?? []), Date.parse(t.timestamp)]);
    }
    return [...times.values()].map((of) => (of.at(-1)! - of[0]) / DAY_MS);
  };
  const [terminals, cards] = [spanOf(2, "terminal_id"), spanOf(3, "customer_id")];
  // Nearly every one is compromised once; a second time would double its span.
  assert(terminals.filter((days) => days <= 28).length > 0.8 * terminals.length);
  assert(Math.max(...terminals) > 20);
  assert(cards.filter((days) => days <= 14).length > 0.8 * cards.length);
  assert(Math.max(...cards) > 9);
});

Deno.test("simulate() takes all of a compromised terminal's transactions and a third of a compromised card's", () => {
  const all = transactions({ count: 60_000, fraudRate: 0.02 });
  const within = (scenario: number, key: "customer_id" | "terminal_id") => {
    let [frauds, others] = [0, 0];
    const spans = new Map<string, [string, string]>();
    for (const { transaction: t, scenario: s } of all) {
      if (s === scenario) spans.set(t[key], [spans.get(t[key])?.[0] ?? t.timestamp, t.timestamp]);
    }
    for (const { transaction: t, scenario: s } of all) {
      const span = spans.get(t[key]);
      // Card tests come on top of what goes on at a terminal; scenario 3 goes before 2.
      if (span === undefined || t.timestamp < span[0] || t.timestamp > span[1]) continue;
      if (s === scenario) frauds++;
      else if (s < scenario) others++;
    }
    return frauds / (frauds + others);
  };
  assert(within(2, "terminal_id") > 0.85, `${within(2, "terminal_id")} of a terminal's`);
  const card = within(3, "customer_id");
  assert(card > 0.25 && card < 0.5, `${card} of a card's`);
});

Deno.test("simulate() tests cards in bursts: small online payments within minutes, at any hour", () => {
  const tests = transactions({ count: 60_000, fraudRate: 0.02 }).filter((event) => event.scenario === 4)
    .map((event) => event.transaction);
  assert(tests.every((t) => t.channel === "online" && t.amount <= 3));
  const times = tests.map((t) => Date.parse(t.timestamp));
  const bursts = times.filter((t, i) => i === 0 || t - times[i - 1] > 10 * 60_000).length;
  assert(tests.length / bursts > 8, `${tests.length} tests in ${bursts} bursts`);
  const night = tests.filter((t) => Number(t.timestamp.slice(11, 13)) < 6).length;
  assert(night > 0, "some are at night");
  const customers = new Set(tests.map((t) => t.customer_id)).size;
  assert(
    customers > tests.length / 4 && customers < tests.length,
    `${customers} cards in ${tests.length} tests`,
  );
});

for (const labelDelayMs of [0, 1, 3_600_000, 7 * DAY_MS, 365 * DAY_MS]) {
  Deno.test(`simulate() labels every transaction once, ${labelDelayMs} ms later, in order of time`, () => {
    const open = new Map<string, TransactionEvent>();
    let now = "";
    let [made, labelled] = [0, 0];
    for (const event of simulate({ randomSeed: 3, start, count: 5_000, labelDelayMs, fraudRate: 0.05 })) {
      const time = event.kind === "label" ? event.label.labelled_at : event.transaction.timestamp;
      assert(time >= now, `${time} comes after ${now}`);
      now = time;
      if (event.kind === "transaction") {
        made++;
        open.set(event.transaction.transaction_id, event);
        continue;
      }
      labelled++;
      const { transaction: t, isFraud, scenario } = open.get(event.label.transaction_id)!;
      open.delete(event.label.transaction_id);
      const expected: SimulatedLabel = {
        transaction_id: t.transaction_id,
        customer_id: t.customer_id,
        terminal_id: t.terminal_id,
        timestamp: t.timestamp,
        is_fraud: isFraud,
        labelled_at: new Date(Date.parse(t.timestamp) + labelDelayMs).toISOString(),
        scenario,
      };
      assertEquals(event.label, expected);
    }
    assertEquals([made, labelled, open.size], [5_000, 5_000, 0]);
  });
}

Deno.test("simulate() puts a label before the transactions of its own time", () => {
  let due = "";
  for (const event of simulate({ randomSeed: 3, start, count: 30_000, labelDelayMs: 1 })) {
    if (event.kind === "label") due = event.label.labelled_at;
    else assert(event.transaction.timestamp >= due);
  }
  const events = [...simulate({ randomSeed: 3, start, count: 2_000, labelDelayMs: 0 })];
  events.forEach((event, i) => {
    const next = events[i + 1];
    if (event.kind !== "transaction" || next?.kind !== "transaction") return;
    assertEquals(next.transaction.timestamp, event.transaction.timestamp, "only a tie keeps a label back");
  });
});

Deno.test("simulate() labels frauds alone, or nothing, when asked to", () => {
  const options = { randomSeed: 3, start, count: 5_000, fraudRate: 0.05 };
  const all = [...simulate({ ...options, labels: "frauds" })];
  const frauds = all.filter((event) => event.kind === "transaction" && event.isFraud).length;
  const labels = all.filter((event) => event.kind === "label");
  assertEquals(labels.length, frauds);
  assert(frauds > 0 && labels.every((event) => event.kind === "label" && event.label.is_fraud));
  assertEquals([...simulate({ ...options, labels: "none" })].length, 5_000);
});

Deno.test("simulate() is lazy and goes on without a count", () => {
  const stream = simulate({ randomSeed: 1, start });
  let made = 0;
  for (const event of stream) {
    if (event.kind === "transaction" && ++made === 1_000) break;
  }
  assertEquals(made, 1_000);
  assertEquals([...simulate({ randomSeed: 1, start, count: 0 })], []);
});

const faulty: [string, Partial<SimulateOptions>][] = [
  ["randomSeed", { randomSeed: -1 }],
  ["randomSeed", { randomSeed: 1.5 }],
  ["randomSeed", { randomSeed: 2 ** 32 }],
  ["start", { start: new Date(NaN) }],
  ["start", { start: Infinity }],
  ["count", { count: -1 }],
  ["count", { count: NaN }],
  ["fraudRate", { fraudRate: -0.1 }],
  ["fraudRate", { fraudRate: 0.51 }],
  ["fraudRate", { fraudRate: NaN }],
  ["nCustomers", { nCustomers: 0 }],
  ["nTerminals", { nTerminals: 2.5 }],
  ["labelDelayMs", { labelDelayMs: -1 }],
  ["labels", { labels: "some" as "all" }],
];

for (const [name, options] of faulty) {
  Deno.test(`simulate() refuses ${name} of ${Object.values(options)[0]} when it is called`, () => {
    assertThrows(
      () => simulate({ randomSeed: 1, start, count: 1, ...options }),
      RangeError,
      `${name} must be`,
    );
  });
}

import { assertEquals } from "../../testing/assert.ts";
import { PackedRecords } from "../../broker/packed_records.ts";
import { simulate, simulatedSteps, type SimulateOptions } from "../simulate.ts";
import type { ReplayedEvent } from "./event.ts";
import { addEvent, StepJson } from "./json.ts";

const decoder = new TextDecoder();

function recordsOf(options: SimulateOptions): string[][] {
  const records = new PackedRecords();
  const json = new StepJson(options.randomSeed, options.labelDelayMs ?? 7 * 86_400_000);
  for (const step of simulatedSteps(options)) json.write(step, records);
  return Array.from(
    records,
    ({ key, value }) => [decoder.decode(key as Uint8Array), decoder.decode(value as Uint8Array)],
  );
}

Deno.test("StepJson writes the bytes of simulate()'s events, over days and years, keyed by customer", () => {
  const options: SimulateOptions[] = [
    { randomSeed: 6, start: 0, count: 20_000, fraudRate: 0.1 },
    {
      randomSeed: 4_294_967_295,
      start: Date.UTC(2023, 11, 30, 23, 59, 59, 999),
      count: 5_000,
      labelDelayMs: 0,
    },
    { randomSeed: 0, start: Date.UTC(1969, 11, 30), count: 300, nCustomers: 1, labelDelayMs: 1 },
    { randomSeed: 9, start: 0, count: 3_000, fraudRate: 0.5, labels: "frauds", nCustomers: 100_000 },
  ];
  for (const each of options) {
    const expected = Array.from(
      simulate(each),
      (event) =>
        event.kind === "label"
          ? [event.label.customer_id, JSON.stringify(event.label)]
          : [event.transaction.customer_id, JSON.stringify(event.transaction)],
    );
    assertEquals(recordsOf(each), expected);
  }
});

Deno.test("StepJson writes numbers of any size as JavaScript does", () => {
  const [step] = simulatedSteps({ randomSeed: 1, start: 0, count: 1 });
  for (const number of [1, 9, 10, 99, 100, 105, 110, 1000, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 50, 2 ** 53 - 1]) {
    const records = new PackedRecords();
    new StepJson(3, 0).write({ ...step, isLabel: false, index: number, amountMinor: number }, records);
    const [{ value }] = records;
    const read = JSON.parse(decoder.decode(value as Uint8Array));
    assertEquals([read.transaction_id, read.amount], [`3-${number}`, number / 100]);
  }
});

const texts = [
  "1",
  "",
  `"`,
  "\\",
  "\n",
  "é",
  "€",
  "😀",
  "\ud800",
  "\u007f",
  "~ ",
  "x".repeat(70_000),
  "\u2028",
];
const numbers = [0, -0, 9.5, 1e21, 1e-7, -12.25, 470_491, 5e-324];

function eventsOf(): ReplayedEvent[] {
  const timestamp = "2018-04-01T00:00:31.000Z";
  const events: ReplayedEvent[] = [...simulate({ randomSeed: 3, start: 0, count: 500, fraudRate: 0.1 })];
  for (const text of texts) {
    for (const field of ["transaction_id", "customer_id", "terminal_id", "timestamp", "channel"]) {
      for (const amount of [...numbers, text]) {
        const ids = { transaction_id: "1", customer_id: "c", terminal_id: "t" };
        const transaction = { ...ids, amount, timestamp, country: undefined, [field]: text };
        events.push({ kind: "transaction", transaction, isFraud: null, scenario: null });
      }
      const label = { transaction_id: "1", customer_id: "c", terminal_id: "t", timestamp };
      events.push({ kind: "label", label: { ...label, is_fraud: true, labelled_at: text } });
      events.push({
        kind: "label",
        label: { ...label, is_fraud: false, labelled_at: timestamp, scenario: 3, [field]: text },
      });
    }
  }
  return events;
}

Deno.test("addEvent() writes what JSON.stringify writes, of plain texts and others, keyed by customer", () => {
  const encoder = new TextEncoder();
  const records = new PackedRecords();
  const events = eventsOf();
  for (const event of events) addEvent(event, records);
  const fields = events.map((event) => event.kind === "label" ? event.label : event.transaction);
  const written = Array.from(records, ({ key, value }) => [key, value]);
  assertEquals(written.length, fields.length);
  written.forEach(([key, value], i) => {
    assertEquals(value, encoder.encode(JSON.stringify(fields[i])));
    assertEquals(key, encoder.encode(fields[i].customer_id));
  });
});

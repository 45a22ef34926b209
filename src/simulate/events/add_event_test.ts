import { assertEquals } from "../../testing/assert.ts";
import { PackedRecords } from "../../broker/packed_records.ts";
import { addEvent } from "./add_event.ts";
import type { ReplayedEvent } from "./event.ts";
import { simulate } from "../simulate.ts";

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

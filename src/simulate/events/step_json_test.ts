import { assertEquals } from "../../testing/assert.ts";
import { PackedRecords } from "../../broker/packed_records.ts";
import { encodeLabel, encodeTransaction } from "./encode.ts";
import type { SimulateOptions } from "../simulate.ts";
import { simulate } from "../simulate.ts";
import { simulatedSteps } from "../simulated_steps.ts";
import { StepJson } from "./step_json.ts";

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
          ? [event.label.customer_id, encodeLabel(event)]
          : [event.transaction.customer_id, encodeTransaction(event)],
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

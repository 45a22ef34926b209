import type { ProducedRecord } from "../../../src/broker/broker.ts";
import { simulate } from "../../../src/simulate/simulate.ts";

/** So many simulated transactions as records keyed by customer, without labels. */
export function simulatedRecords(count: number, randomSeed = 1): (ProducedRecord & { value: string })[] {
  const records = [];
  for (const event of simulate({ randomSeed, start: Date.UTC(2026, 0, 1), count, labels: "none" })) {
    if (event.kind === "label") continue;
    records.push({ key: event.transaction.customer_id, value: JSON.stringify(event.transaction) });
  }
  return records;
}

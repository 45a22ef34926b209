/**
 * Simulated events as the JSON that goes over the wire.
 *
 * @module
 */
import type { LabelEvent, TransactionEvent } from "./event.ts";

/**
 * The JSON of a simulated transaction, faster than `JSON.stringify` and equal to it byte for byte.
 *
 * The texts of simulated events need no escaping; a transaction from elsewhere goes through `JSON.stringify`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { encodeTransaction } from "./encode.ts";
 * import { simulate } from "../simulate.ts";
 *
 * for (const event of simulate({ randomSeed: 1, start: 0, count: 10, labels: "none" })) {
 *   if (event.kind === "transaction") {
 *     assertEquals(JSON.parse(encodeTransaction(event)), event.transaction);
 *   }
 * }
 * ```
 */
export function encodeTransaction({ transaction: t }: TransactionEvent): string {
  return `{"transaction_id":"${t.transaction_id}","customer_id":"${t.customer_id}","terminal_id":"${t.terminal_id}",` +
    `"amount":${t.amount},"currency":"${t.currency}","merchant_category":"${t.merchant_category}",` +
    `"country":"${t.country}","channel":"${t.channel}","timestamp":"${t.timestamp}"}`;
}

/** The JSON of a simulated label; otherwise as `encodeTransaction`. */
export function encodeLabel({ label: l }: LabelEvent): string {
  return `{"transaction_id":"${l.transaction_id}","customer_id":"${l.customer_id}","terminal_id":"${l.terminal_id}",` +
    `"timestamp":"${l.timestamp}","is_fraud":${l.is_fraud},"labelled_at":"${l.labelled_at}","scenario":${l.scenario}}`;
}

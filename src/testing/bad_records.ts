/**
 * Records that are no transactions, one of each kind.
 *
 * @module
 */
import type { DeadLetterReason } from "../domain/transaction.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** A valid record with these changes. */
function faulty(change: Record<string, unknown>): string {
  return JSON.stringify({
    transaction_id: "bad",
    customer_id: "c",
    terminal_id: "t",
    amount: 1,
    timestamp: "2026-01-02T03:04:05Z",
    ...change,
  });
}

/** Each kind of invalid record, with its reason. */
export const BAD_RECORDS: readonly [value: string | Uint8Array | null, reason: DeadLetterReason][] = [
  ["not JSON", "not-json"],
  ['{"transaction_id":"a"', "not-json"],
  [faulty({ amount: 0.5 }).replace("0.5", "NaN"), "not-json"],
  [faulty({ amount: 0.5 }).replace("0.5", "Infinity"), "not-json"],
  ["[]", "not-an-object"],
  ["12", "not-an-object"],
  ["null", "not-an-object"],
  ["{}", "missing-field"],
  [faulty({ customer_id: undefined }), "missing-field"],
  [faulty({ timestamp: undefined }), "missing-field"],
  [faulty({ amount: 0 }), "wrong-field"],
  [faulty({ amount: -12.5 }), "wrong-field"],
  [faulty({ amount: "12.50" }), "wrong-field"],
  [faulty({ amount: null }), "wrong-field"],
  [faulty({ amount: 0.5 }).replace("0.5", "1e308"), "wrong-field"],
  [faulty({ amount: 0.5 }).replace("0.5", "1e999"), "wrong-field"],
  [faulty({ amount: 0.5 }).replace("0.5", "9".repeat(400)), "wrong-field"],
  [faulty({ timestamp: "yesterday" }), "wrong-field"],
  [faulty({ timestamp: 1e300 }), "wrong-field"],
  [faulty({ transaction_id: "" }), "wrong-field"],
  [faulty({ transaction_id: { id: 1 } }), "wrong-field"],
  [faulty({ terminal_id: "x".repeat(129) }), "wrong-field"],
  [faulty({ currency: "euros" }), "wrong-field"],
  ['{"amount":1,"amount":2}', "duplicate-key"],
  [`{"note":"${"x".repeat(1_000_000)}"}`, "too-large"],
  ["x".repeat(1_000_000), "too-large"],
  [`{"note":${"[".repeat(1000)}${"]".repeat(1000)}}`, "too-large"],
  [Uint8Array.of(0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00), "not-utf8"],
  [Uint8Array.of(0x7b, 0x22, 0xe9, 0x22, 0x3a, 0x31, 0x7d), "not-utf8"],
  [Uint8Array.of(0xef, 0xbb, 0xbf, ...encode(faulty({}))), "not-json"],
  ["", "empty"],
  [null, "empty"],
];

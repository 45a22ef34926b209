import type { GivenLabel } from "../../ledger/labels.ts";

/**
 * The wire form of a label: one JSON object as `decodeLabel` reads it, with the customer's z where it is known.
 *
 * Who gave the label stays in the ledger.
 */
export function encodeLabel(label: GivenLabel): string {
  return JSON.stringify({
    transaction_id: label.transactionId,
    customer_id: label.customerId,
    terminal_id: label.terminalId,
    timestamp: new Date(label.timestampMs).toISOString(),
    is_fraud: label.isFraud,
    labelled_at: new Date(label.labelledAtMs).toISOString(),
    z: label.z ?? undefined,
  });
}

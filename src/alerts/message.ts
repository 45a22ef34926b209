import { parseJson } from "../runtime/json.ts";
import type { Alert, AlertGroup } from "./alerts.ts";
import { describeGroup, describeVerdict, type VerdictText } from "./describe.ts";

/** An alert as listeners get it. */
export interface AlertMessage extends Partial<Omit<AlertGroup, "kind" | "count">> {
  alert_id: string;
  /** What it is about: one transaction, several of a customer, or all that had no alert of their own. */
  kind: "transaction" | AlertGroup["kind"];
  /** Number of transactions that it is about. */
  count: number;
  /** Who paid how much where, how anomalous that is, and why, in one line. */
  text: string;
  /** Page of the transaction in `verdict`, where the address of the page is known. */
  url?: string;
  /** The verdict in its wire form; of several, that with the highest score. */
  verdict: VerdictText;
}

/**
 * Makes the message of an alert.
 *
 * The verdict stands in a field of its own, since a transaction may bring fields of any name.
 *
 * @param publicUrl Address of the page, such as `https://fraud.example`, without which there is no `url`.
 * @param quoted How ids are written in `text`; as they are by default.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { alertOf } from "./testing/contract.ts";
 * import { alertMessage } from "./message.ts";
 *
 * const { alert_id, count, url } = alertMessage(alertOf(7), "https://fraud.example/");
 * assertEquals([alert_id, count, url], ["transactions/0/7", 1, "https://fraud.example/#/transactions/t7"]);
 * ```
 */
export function alertMessage(
  { id, verdict: json, group }: Alert,
  publicUrl?: string,
  quoted?: (id: string) => string,
): AlertMessage {
  const verdict = parseJson(json) as VerdictText;
  const { kind = "transaction", count = 1, ...sums } = group ?? {};
  const text = group === undefined ? describeVerdict(verdict, quoted) : describeGroup(group, verdict, quoted);
  const page = publicUrl?.replace(/\/+$/, "");
  const url = page && { url: `${page}/#/transactions/${escaped(verdict.transaction_id)}` };
  return { alert_id: id, kind, count, text, ...url, ...sums, verdict };
}

/** An id as part of an address, in which nothing is left that ends a link in Markdown. */
function escaped(id: string): string {
  return encodeURIComponent(id).replace(/[!'()*~]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`);
}

import { decimalAmount } from "../domain/currency.ts";
import { numberText } from "../runtime/json.ts";
import type { AlertGroup } from "./alerts.ts";
import { tellingReasons } from "./telling_reasons.ts";

/** The fields of a verdict's wire form that a sentence needs. */
export interface VerdictText {
  transaction_id: string;
  customer_id: string;
  terminal_id: string;
  /** Amount in major units, as `parseJson` reads it. */
  amount: unknown;
  /** ISO 4217 code; left out of the sentence where it is absent or null. */
  currency?: string | null;
  /** Event time, RFC 3339 in UTC. */
  timestamp: string;
  anomaly_score: number;
  threshold: number;
  /** Each feature's value in words and its contribution to the path length; negative speaks for an anomaly. */
  reasons: readonly { text: string; contribution: number }[];
}

/** Characters that a terminal or a reader could take for something else than text. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Says in one line who paid how much where, how anomalous that is, and why.
 *
 * Ids are foreign text: characters that are not printed, such as those that steer a terminal, become `�`.
 *
 * @param verdict A verdict's wire form, parsed.
 * @param quoted How an id is written where the line is read by a program that formats text.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { describeVerdict } from "./describe.ts";
 *
 * const line = describeVerdict({
 *   transaction_id: "t1",
 *   customer_id: "c1",
 *   terminal_id: "m1",
 *   amount: 910,
 *   currency: "EUR",
 *   timestamp: "2026-01-02T03:04:05.000Z",
 *   anomaly_score: 0.71,
 *   threshold: 0.6,
 *   reasons: [{ text: "amount of 910.00", contribution: -2 }, { text: "made on a Friday", contribution: 0.5 }],
 * });
 * assertEquals(
 *   line,
 *   "2026-01-02 03:04:05 UTC  910.00 EUR by customer c1 at terminal m1 (t1): score 0.710 above 0.600, because amount of 910.00",
 * );
 * ```
 */
export function describeVerdict(verdict: VerdictText, quoted: (id: string) => string = String): string {
  const told = tellingReasons(verdict.reasons);
  const score = `score ${verdict.anomaly_score.toFixed(3)} above ${verdict.threshold.toFixed(3)}`;
  const why = told.length === 0 ? "" : `, because ${told.join(", ")}`;
  return printable(
    `${momentOf(verdict.timestamp)} UTC  ${money(verdict)} by customer ${quoted(verdict.customer_id)} ` +
      `at terminal ${quoted(verdict.terminal_id)} (${quoted(verdict.transaction_id)}): ${score}${why}`,
  );
}

/**
 * Says in one line what several flagged transactions come to, and what the most anomalous of them is.
 *
 * @param highest Wire form, parsed, of the verdict with the highest score.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "../testing/assert.ts";
 * import { alertOf, groupOf } from "./testing/contract.ts";
 * import { describeGroup } from "./describe.ts";
 *
 * const line = describeGroup(groupOf(5), JSON.parse(alertOf(7).verdict));
 * assertStringIncludes(line, "5 flagged transactions of customer c'7");
 * ```
 */
export function describeGroup(
  group: AlertGroup,
  highest: VerdictText,
  quoted: (id: string) => string = String,
): string {
  const { kind, count, customers } = group;
  const who = kind === "customer"
    ? `customer ${quoted(highest.customer_id)}`
    : `${group.customers_at_least ? "at least " : ""}${customers} ${
      customers === 1 ? "customer" : "customers"
    }`;
  const what = `${count} ${kind === "customer" ? "" : "more "}flagged transactions of ${who}`;
  const others = group.more_currencies ? " and other currencies" : "";
  const [from, to] = [momentOf(group.from), momentOf(group.to)];
  const until = to.startsWith(from.slice(0, 10)) ? to.slice(11) : to;
  return printable(
    `${from} to ${until} UTC  ${what}, ${
      group.amounts.map(money).join(" and ")
    }${others}; the most anomalous: `,
  ) + describeVerdict(highest, quoted);
}

function money({ amount, currency }: { amount: unknown; currency?: string | null }): string {
  return `${decimalAmount(numberText(amount)!, currency)}${currency ? ` ${currency}` : ""}`;
}

function momentOf(timestamp: string): string {
  return `${timestamp.slice(0, 10)} ${timestamp.slice(11, 19)}`;
}

function printable(text: string): string {
  return text.replace(UNPRINTABLE, "\ufffd");
}

import { h } from "preact";
import { tellingReasons } from "../../alerts/telling_reasons.ts";
import { formatAmount, formatScore, formatTime } from "../format.ts";
import { routeTo } from "../route.ts";
import { type Column, Table } from "./table.ts";
import type { FlaggedItem } from "../../http/routes/answers.ts";
import type { Drawn } from "../drawn.ts";

/** Reasons that a row names. */
const MOST_REASONS = 2;

/** Flagged transactions, a row each, that lead to their own page. */
export function FlaggedTable(
  { flagged, caption, labels }: { flagged: readonly FlaggedItem[]; caption: string; labels?: boolean },
): Drawn {
  const columns: (Column | false)[] = [
    ["Transaction, time in UTC"],
    ["Amount", "number"],
    ["Score", "number"],
    labels === true && ["Label"],
    ["Who, where"],
    ["Why", "why"],
  ];
  return h(Table, { class: "flagged stacked", caption, columns }, [
    flagged.map((one) => h(FlaggedRow, { key: one.id, one, labels })),
  ]);
}

function FlaggedRow({ one, labels }: { one: FlaggedItem; labels?: boolean }): Drawn {
  const { transaction_id, amount, currency, customer_id, terminal_id, anomaly_score, timestamp, reasons } =
    one;
  return h("tr", null, [
    h("th", { scope: "row" }, [
      h("a", { href: routeTo("transactions", transaction_id) }, transaction_id),
      h("time", { class: "quiet", dateTime: timestamp }, formatTime(timestamp)),
    ]),
    h("td", { class: "number strong", "data-name": "Amount" }, formatAmount(amount, currency)),
    h("td", { class: "number", "data-name": "Score" }, formatScore(anomaly_score)),
    labels && h("td", { "data-name": "Label", title: one.label_by ? `by ${one.label_by}` : undefined }, [
      h(LabelTag, { label: one.label }),
      one.label_source === "stream" && h("span", { class: "quiet" }, " from the stream"),
    ]),
    h("td", { class: "who whole" }, [
      h("a", { href: routeTo("flagged", "", { customer: customer_id }) }, customer_id),
      h("span", { class: "at" }, " at "),
      h("a", { href: routeTo("flagged", "", { terminal: terminal_id }) }, terminal_id),
    ]),
    h("td", { class: "why whole" }, tellingReasons(reasons).slice(0, MOST_REASONS).join("; ") || "–"),
  ]);
}

/** What a transaction was, in a word. */
export function LabelTag({ label }: { label: FlaggedItem["label"] }): Drawn {
  if (label === null || label === undefined) return h("span", { class: "quiet" }, "none");
  return h("span", { class: `tag tag-${label}` }, label === "fraud" ? "fraud" : "legitimate");
}

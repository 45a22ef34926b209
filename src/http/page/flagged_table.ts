import { h } from "preact";
import { formatAmount, formatScore, formatTime } from "./format.ts";
import { routeTo } from "./route.ts";
import type { WireFlagged } from "./wire.ts";
import type { Drawn } from "./drawn.ts";

/** Flagged transactions, a row each, that lead to their own page. */
export function FlaggedTable(
  { flagged, caption, labels }: { flagged: readonly WireFlagged[]; caption: string; labels?: boolean },
): Drawn {
  return h(
    "table",
    { class: "flagged" },
    h("caption", { class: "hidden" }, caption),
    h(
      "thead",
      null,
      h(
        "tr",
        null,
        h("th", { scope: "col" }, "Transaction"),
        h("th", { scope: "col", class: "number" }, "Amount"),
        h("th", { scope: "col", class: "number" }, "Score"),
        h("th", { scope: "col" }, "Who, where"),
        labels && h("th", { scope: "col" }, "Label"),
        h("th", { scope: "col", class: "why" }, "Above all"),
      ),
    ),
    h("tbody", null, flagged.map((one) => h(FlaggedRow, { key: one.id, one, labels }))),
  );
}

function FlaggedRow({ one, labels }: { one: WireFlagged; labels?: boolean }): Drawn {
  const { transaction_id, amount, currency, customer_id, terminal_id, anomaly_score, timestamp, reasons } =
    one;
  return h(
    "tr",
    null,
    h(
      "th",
      { scope: "row" },
      h("a", { href: routeTo("transactions", transaction_id) }, transaction_id),
      h("time", { class: "quiet", dateTime: timestamp }, formatTime(timestamp)),
    ),
    h("td", { class: "number strong" }, formatAmount(amount, currency)),
    h("td", { class: "number" }, formatScore(anomaly_score)),
    h(
      "td",
      { class: "who" },
      h("a", { href: routeTo("flagged", "", { customer: customer_id }) }, customer_id),
      h("a", { href: routeTo("flagged", "", { terminal: terminal_id }) }, terminal_id),
    ),
    labels && h("td", null, h(LabelTag, { label: one.label ?? null })),
    h("td", { class: "why" }, reasons?.at(0)?.text ?? "–"),
  );
}

/** A truth in a word. */
export function LabelTag({ label }: { label: { is_fraud: boolean } | null }): Drawn {
  if (label === null) return h("span", { class: "quiet" }, "none");
  return h(
    "span",
    { class: `tag ${label.is_fraud ? "tag-fraud" : "tag-legit"}` },
    label.is_fraud ? "fraud" : "legitimate",
  );
}

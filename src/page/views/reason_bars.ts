import { h } from "preact";
import { formatValue } from "../format.ts";
import { Table } from "./table.ts";
import type { Reason } from "../../http/routes/answers.ts";
import type { Drawn } from "../drawn.ts";

/** What each feature adds to a score, as bars from the middle: to the right it speaks for an anomaly. */
export function ReasonBars({ reasons, caption }: { reasons: readonly Reason[]; caption: string }): Drawn {
  const most = Math.max(1e-9, ...reasons.map(({ contribution }) => Math.abs(contribution)));
  const heads = [h("span", null, "usual"), h("span", null, "anomalous")];
  return h(Table, {
    class: "reasons",
    caption,
    columns: [["What it says"], [heads, "bar-head"], ["Edges", "number"]],
  }, [
    reasons.map(({ feature, value, contribution, text }) => {
      const share = 50 * Math.abs(contribution) / most;
      const isAgainst = contribution < 0;
      return h("tr", { key: feature }, [
        h("th", { scope: "row" }, [
          text,
          h("span", { class: "feature" }, `${feature} ${formatValue(value)}`),
        ]),
        h("td", { class: "bar-cell" }, [
          h("div", { class: "bar", "aria-hidden": "true" }, [
            h("div", {
              class: isAgainst ? "bar-against" : "bar-for",
              style: { width: `${share.toFixed(2)}%`, [isAgainst ? "left" : "right"]: "50%" },
            }),
          ]),
        ]),
        h("td", { class: "number" }, signed(contribution)),
      ]);
    }),
  ]);
}

function signed(edges: number): string {
  const size = Math.abs(edges).toFixed(2);
  return size === "0.00" ? size : `${edges > 0 ? "+" : "−"}${size}`;
}

/// <reference lib="dom" />
import { type ComponentChildren, h } from "preact";
import { Chart, type ChartSeries } from "./chart.ts";
import { formatAmount, formatCount, formatScore, formatTime } from "./format.ts";
import { useFetched } from "./hooks.ts";
import { LabelPanel } from "./label_panel.ts";
import { Failure, Loading, Notice } from "./notice.ts";
import { ReasonBars } from "./reason_bars.ts";
import { routeTo } from "./route.ts";
import { ScoreGauge } from "./score_gauge.ts";
import { describeVerdict } from "../../alerts/describe.ts";
import { WhatIfPanel } from "./what_if_panel.ts";
import type { WireContext, WireFound, WireRecent, WireStatus, WireTransaction } from "./wire.ts";
import type { Drawn } from "./drawn.ts";

/** One transaction: verdict, reasons, its customer's and terminal's history, what-if, and its truth. */
export function TransactionView(
  { id, model }: { id: string; model: WireStatus["model"] | undefined },
): Drawn {
  const path = `/v1/transactions/${encodeURIComponent(id)}`;
  const found = useFetched<WireFound>(path);
  const context = useFetched<WireContext>(`${path}/context`);
  const { value, error } = found;
  if (error) return titled(id, h(Failure, { error, retry: found.reload }));
  if (value === undefined) return titled(id, h(Loading, { what: "the transaction" }));
  const match = value.matches.at(-1);
  if (match === undefined) return titled(id, h(Notice, { title: "No such transaction" }));
  const transaction = (match.verdict ?? match.log) as WireTransaction;
  const reload = () => {
    found.reload();
    context.reload();
  };
  return h(
    "article",
    { class: "transaction" },
    h(Heading, { found: value, transaction }),
    h(
      "div",
      { class: "columns" },
      h(
        "div",
        { class: "column" },
        h(VerdictPanel, { found: value, model }),
        context.value && model &&
          h(WhatIfPanel, { transaction: fieldsOf(transaction), context: context.value, model }),
      ),
      h(
        "div",
        { class: "column" },
        h(LabelPanel, { transactionId: id, label: value.label, onChange: reload }),
        context.error ? h(Failure, { error: context.error, retry: context.reload }) : context.value
          ? [
            h(CustomerPanel, { context: context.value, transaction }),
            h(TerminalPanel, { context: context.value, transaction }),
          ]
          : h(Loading, { what: "the history" }),
      ),
    ),
  );
}

function titled(id: string, children: ComponentChildren): Drawn {
  return h(
    "article",
    { class: "transaction" },
    h("h1", { tabIndex: -1 }, "Transaction ", h("code", null, id)),
    children,
  );
}

function Heading({ found, transaction }: { found: WireFound; transaction: WireTransaction }): Drawn {
  const { amount, currency, customer_id, terminal_id, timestamp, channel, country, merchant_category } =
    transaction;
  const more = [
    channel,
    country && `in ${country}`,
    merchant_category && `category ${merchant_category}`,
  ].filter(Boolean).join(", ");
  return h(
    "header",
    { class: "transaction-head" },
    h("p", { class: "eyebrow" }, "Transaction ", h("code", null, found.transaction_id)),
    h("h1", { tabIndex: -1 }, formatAmount(amount, currency)),
    h(
      "p",
      { class: "lead" },
      "Customer ",
      h("a", { href: routeTo("flagged", "", { customer: customer_id }) }, customer_id),
      " at terminal ",
      h("a", { href: routeTo("flagged", "", { terminal: terminal_id }) }, terminal_id),
      ", ",
      h("time", { dateTime: timestamp }, `${formatTime(timestamp)} UTC`),
      more && `, ${more}`,
    ),
  );
}

function VerdictPanel({ found, model }: { found: WireFound; model: WireStatus["model"] | undefined }): Drawn {
  const { verdict, log, id } = found.matches.at(-1)!;
  const threshold = verdict?.threshold ?? model?.threshold;
  const score = (verdict ?? log)!.anomaly_score;
  const isFlagged = (verdict ?? log)!.flagged;
  return h(
    "section",
    { class: "panel", "aria-labelledby": "verdict-title" },
    h(
      "div",
      { class: "panel-head" },
      h("h2", { id: "verdict-title" }, "Verdict"),
      h(
        "span",
        { class: `tag ${isFlagged ? "tag-fraud" : "tag-legit"}` },
        isFlagged ? "flagged" : "not flagged",
      ),
      h("strong", { class: "score" }, formatScore(score)),
    ),
    threshold !== undefined && h(ScoreGauge, { score, threshold }),
    verdict === null
      ? h("p", null, "It was not flagged, so its reasons were not kept. The what-if shows those of today.")
      : [
        h("p", { class: "verdict-words" }, describeVerdict(verdict)),
        h(ReasonBars, {
          reasons: verdict.reasons,
          caption: "What each feature added to the score, in edges of the path length",
        }),
        h(
          "p",
          { class: "note" },
          "Edges: what a feature's splits took from the mean path through the trees, or added to it. Short paths are anomalous.",
        ),
      ],
    h(
      "dl",
      { class: "facts" },
      fact("Record", h("code", null, id)),
      verdict !== null && fact("Model", h("code", { title: verdict.model }, verdict.model.slice(0, 12))),
      verdict?.scored_at !== undefined && fact("Scored", `${formatTime(verdict.scored_at)} UTC`),
      found.matches.length > 1 && fact("Records with this id", formatCount(found.matches.length)),
    ),
  );
}

function fact(name: string, value: ComponentChildren): Drawn {
  return h("div", null, h("dt", null, name), h("dd", null, value));
}

function CustomerPanel(
  { context: { customer }, transaction }: { context: WireContext; transaction: WireTransaction },
): Drawn {
  const points = pointsOf(customer.recent, transaction);
  return h(
    "section",
    { class: "panel", "aria-labelledby": "customer-title" },
    h("h2", { id: "customer-title" }, "Customer ", h("code", null, customer.id)),
    customer.recent.length === 0 ? h(Notice, { title: "No other transactions known" }) : h(Chart, {
      title: `Amounts of the last ${customer.recent.length} transactions`,
      summary: `this one ${formatAmount(transaction.amount, transaction.currency)}, the others ${
        amountsOf(customer.recent, transaction)
      }`,
      x: points.x,
      xName: "Time, UTC",
      formatX: (x) => formatTime(x * 1000),
      series: points.series,
      formatY: (y) => formatAmount(y),
      height: 180,
    }),
  );
}

function TerminalPanel(
  { context: { terminal }, transaction }: { context: WireContext; transaction: WireTransaction },
): Drawn {
  const { fraud, legit } = terminal.labels;
  const points = pointsOf(terminal.recent, transaction, ({ anomaly_score }) => anomaly_score);
  return h(
    "section",
    { class: "panel", "aria-labelledby": "terminal-title" },
    h("h2", { id: "terminal-title" }, "Terminal ", h("code", null, terminal.id)),
    h(
      "p",
      null,
      fraud + legit === 0
        ? "None of its transactions has a label."
        : `${formatCount(fraud)} of its ${formatCount(fraud + legit)} labelled transactions were fraud.`,
    ),
    terminal.recent.length === 0 ? h(Notice, { title: "No other transactions known" }) : h(Chart, {
      title: `Scores of the last ${terminal.recent.length} transactions here`,
      summary: `${terminal.recent.filter(({ flagged }) => flagged).length} of them flagged`,
      x: points.x,
      xName: "Time, UTC",
      formatX: (x) => formatTime(x * 1000),
      series: points.series,
      formatY: formatScore,
      range: [0, 1],
      height: 150,
    }),
  );
}

/** Transactions as points over their time: usual ones, flagged ones, and this one marked. */
function pointsOf(
  recent: readonly WireRecent[],
  { transaction_id }: WireTransaction,
  value: (one: WireRecent) => number = ({ amount }) => amount,
): { x: number[]; series: ChartSeries[] } {
  const sorted = [...recent].sort((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp));
  const series = (
    name: string,
    tone: ChartSeries["tone"],
    as: ChartSeries["as"],
    holds: (one: WireRecent) => boolean,
  ) => ({
    name,
    tone,
    as,
    values: sorted.map((one) => holds(one) ? value(one) : null),
  });
  const isThis = (one: WireRecent) => one.transaction_id === transaction_id;
  return {
    x: sorted.map(({ timestamp }) => Date.parse(timestamp) / 1000),
    series: [
      series("not flagged", "plain", "points", ({ flagged }) => !flagged),
      series("flagged", "fraud", "points", ({ flagged }) => flagged),
      series("this one", "ink", "mark", isThis),
    ],
  };
}

function amountsOf(recent: readonly WireRecent[], { transaction_id, currency }: WireTransaction): string {
  const amounts = recent.filter((one) => one.transaction_id !== transaction_id).map(({ amount }) => amount);
  if (amounts.length === 0) return "none";
  return `from ${formatAmount(Math.min(...amounts))} to ${formatAmount(Math.max(...amounts), currency)}`;
}

/** The transaction's own fields, without those of its verdict. */
function fieldsOf(transaction: WireTransaction): WireTransaction {
  const { transaction_id, customer_id, terminal_id, amount, currency, timestamp } = transaction;
  const { merchant_category, country, channel } = transaction;
  return {
    transaction_id,
    customer_id,
    terminal_id,
    amount,
    currency,
    merchant_category,
    country,
    channel,
    timestamp,
  };
}

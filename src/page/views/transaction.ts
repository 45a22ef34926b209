/// <reference lib="dom" />
import { type ComponentChildren, h } from "preact";
import { formatAmount, formatCount, formatScore, formatTime } from "../format.ts";
import { HistoryPanels } from "./history_panels.ts";
import { useFetched } from "../hooks.ts";
import { LabelPanel } from "./label_panel.ts";
import { Failure, Loading, Notice } from "../notice.ts";
import { fact, Panel } from "./panel.ts";
import { ReasonBars } from "./reason_bars.ts";
import { routeTo } from "../route.ts";
import { ScoreGauge } from "./score_gauge.ts";
import { tellingReasons } from "../../alerts/telling_reasons.ts";
import { WhatIfPanel } from "./what_if_panel.ts";
import type { Context, Found, Judged, Status, TransactionText } from "../../http/routes/answers.ts";
import type { Drawn } from "../drawn.ts";

/** The state behind the what-if changes with the stream. */
const REFRESH_MS = 5000;

/** One transaction: verdict, reasons, history of its customer and terminal, what-if, and label. */
export function TransactionView(
  { id, model }: { id: string; model: Status["model"] | undefined },
): Drawn {
  const path = `/v1/transactions/${encodeURIComponent(id)}`;
  const found = useFetched<Found>(path);
  const { value, error } = found;
  const context = useFetched<Context>(value ? `${path}/context` : null, REFRESH_MS);
  if (value === undefined) {
    return titled(
      id,
      error ? h(Failure, { error, retry: found.reload }) : h(Loading, { what: "the transaction" }),
    );
  }
  const match = value.matches.at(-1);
  if (match === undefined) return titled(id, h(Notice, { title: "No such transaction" }));
  const transaction = { transaction_id: id, ...match.log, ...match.verdict } as TransactionText;
  const judged = (match.verdict ?? match.log)!;
  const around = context.value;
  const reload = () => {
    found.reload();
    context.reload();
  };
  return h("article", { class: "transaction" }, [
    h("div", { class: "transaction-top" }, [
      h(Heading, { id, transaction }),
      h(LabelPanel, { transactionId: id, label: value.label, onChange: reload }),
    ]),
    h("div", { class: "columns" }, [
      h("div", { class: "column" }, [
        h(VerdictPanel, { found: value, model }),
        around &&
        h(HistoryPanels, {
          context: around,
          judged: { ...transaction, ...judged, currency: transaction.currency ?? null },
          currency: transaction.currency,
        }),
        around === undefined &&
        (context.error
          ? h(Failure, { error: context.error, retry: context.reload })
          : h(Loading, { what: "the history" })),
      ]),
      around && model && h(WhatIfPanel, { transaction: fieldsOf(transaction), context: around, model }),
    ]),
  ]);
}

function titled(id: string, children: ComponentChildren): Drawn {
  return h("article", { class: "transaction" }, [
    h("div", { class: "transaction-top" }, h(Heading, { id })),
    children,
  ]);
}

/** The same elements before the transaction is there and after, so that the focus stays on the heading. */
function Heading({ id, transaction }: { id: string; transaction?: TransactionText }): Drawn {
  return h("header", { class: "transaction-head" }, [
    h("p", { class: "eyebrow" }, "Transaction ", h("code", null, id)),
    h("h1", { tabIndex: -1 }, [
      transaction ? formatAmount(transaction.amount, transaction.currency) : "Transaction",
    ]),
    transaction && h(Lead, { transaction }),
  ]);
}

function Lead({ transaction }: { transaction: TransactionText }): Drawn {
  const { customer_id, terminal_id, timestamp, channel, country, merchant_category } = transaction;
  const more = [
    channel,
    country && `in ${country}`,
    merchant_category && `category ${merchant_category}`,
  ].filter(Boolean).join(", ");
  return h("p", { class: "lead" }, [
    "Customer ",
    h("a", { href: routeTo("flagged", "", { customer: customer_id }) }, customer_id),
    " at terminal ",
    h("a", { href: routeTo("flagged", "", { terminal: terminal_id }) }, terminal_id),
    ", ",
    h("time", { dateTime: timestamp }, `${formatTime(timestamp)} UTC`),
    more && `, ${more}`,
  ]);
}

function VerdictPanel({ found, model }: { found: Found; model: Status["model"] | undefined }): Drawn {
  const { verdict, log, id } = found.matches.at(-1)!;
  const threshold = verdict?.threshold ?? model?.threshold;
  const score = (verdict ?? log)!.anomaly_score;
  const isFlagged = (verdict ?? log)!.flagged;
  const beside = [
    h("span", { class: `tag tag-${isFlagged ? "fraud" : "legit"}` }, isFlagged ? "flagged" : "not flagged"),
    h("strong", { class: "score" }, formatScore(score)),
  ];
  return h(Panel, { id: "verdict", title: "Verdict", beside }, [
    threshold !== undefined && h(ScoreGauge, { score, threshold }),
    verdict === null
      ? h(
        "p",
        null,
        "It was not flagged, so its reasons were not kept. The what-if shows what they would be now.",
      )
      : [
        h("p", { class: "verdict-words" }, wordsOf(verdict)),
        h(ReasonBars, {
          reasons: verdict.reasons,
          caption: "What each feature added to the score, in edges of the path length",
        }),
        h(
          "p",
          { class: "note" },
          "Edges: how much the feature shortens (−) or lengthens (+) the mean path through the trees. Short paths are anomalous.",
        ),
      ],
    h("dl", { class: "facts" }, [
      fact("Record", h("code", null, id)),
      verdict !== null && fact("Model", h("code", { title: verdict.model }, verdict.model.slice(0, 12))),
      verdict?.scored_at !== undefined && fact("Scored", `${formatTime(verdict.scored_at)} UTC`),
      found.matches_total > 1 && fact("Records with this id", formatCount(found.matches_total)),
    ]),
  ]);
}

function wordsOf({ flagged, anomaly_score, threshold, reasons }: Judged): string {
  const told = tellingReasons(reasons);
  const why = told.length === 0 ? "" : `, because ${told.join("; ")}`;
  const side = flagged ? "above" : "not above";
  return `The score ${formatScore(anomaly_score)} is ${side} the threshold ${formatScore(threshold)}${why}.`;
}

/** The transaction's own fields, without those of its verdict. */
function fieldsOf(transaction: TransactionText): TransactionText {
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

/// <reference lib="dom" />
import { h } from "preact";
import { useEffect, useId, useMemo, useState } from "preact/hooks";
import { Chart } from "./chart.ts";
import { digitsOf, formatAmount, formatScore, formatTime } from "../format.ts";
import { Loading, Notice } from "../notice.ts";
import { Panel } from "./panel.ts";
import { ReasonBars } from "./reason_bars.ts";
import { ScoreGauge } from "./score_gauge.ts";
import { openWhatIf, type WhatIf } from "../what_if.ts";
import type { Context, Status, TransactionText } from "../../http/routes/answers.ts";
import type { Drawn } from "../drawn.ts";

/** Points of the curve of scores over amounts. */
const POINTS = 120;
const HOUR_MS = 3_600_000;
const EARLIEST_H = -72;
const LATEST_H = 336;

/** What the panel starts from. */
export interface WhatIfProps {
  transaction: TransactionText;
  context: Context;
  /** The live model's name and threshold. */
  model: Status["model"];
}

/** Scores another amount or time for the same customer and terminal, in the page, while the user chooses. */
export function WhatIfPanel({ transaction, context, model }: WhatIfProps): Drawn {
  const [opened, setOpened] = useState<WhatIf | Error | undefined>(undefined);
  const { state } = context;
  useEffect(() => {
    let isGone = false;
    const show = (result: WhatIf | Error) => !isGone && setOpened(result);
    if (state !== null) openWhatIf(model.sha256, bytesOf(state)).then(show, show);
    return () => void (isGone = true);
  }, [state, model.sha256]);
  return h(Panel, { id: "what-if", class: "what-if", title: "What if" }, [
    state === null
      ? h(Notice, { title: "No live state here" }, [
        h("p", null, "This server does not hold the state of this customer now."),
      ])
      : opened === undefined
      ? h(Loading, { what: "the model" })
      : opened instanceof Error
      ? h(Notice, { title: "The model cannot run here" }, h("p", null, opened.message))
      : h(WhatIfControls, { transaction, context, model, whatIf: opened }),
  ]);
}

function WhatIfControls({ transaction, context, model, whatIf }: WhatIfProps & { whatIf: WhatIf }): Drawn {
  const [amount, setAmount] = useState(transaction.amount);
  const [hours, setHours] = useState(0);
  const at = (amount: number): TransactionText => ({
    ...transaction,
    amount,
    timestamp: new Date(Date.parse(transaction.timestamp) + hours * HOUR_MS).toISOString(),
  });
  const digits = digitsOf(transaction.currency);
  const unit = 10 ** -digits;
  const highest = useMemo(() => {
    const amounts = [transaction.amount, ...context.customer.recent.map(({ amount }) => amount)];
    return roundUp(1.5 * Math.max(...amounts));
  }, [transaction, context]);
  const curve = useMemo(() => {
    const units = Array.from({ length: POINTS }, (_, i) => Math.round(highest / unit * (i + 1) / POINTS));
    const x = [...new Set(units)].filter((each) => each > 0).map((each) =>
      Number((each * unit).toFixed(digits))
    );
    return { x, y: Array.from(whatIf.scores(x.map(at))) };
  }, [whatIf, hours, highest]);
  const verdict = useMemo(() => whatIf.judge(at(amount)), [whatIf, amount, hours]);
  const words = `${verdict.flagged ? "Would be flagged" : "Would not be flagged"}: score ${
    formatScore(verdict.anomaly_score)
  }`;
  return h("div", { class: "what-if-body" }, [
    h("div", { class: "what-if-controls" }, [
      h(AmountControl, { amount, highest, currency: transaction.currency, onChange: setAmount }),
      h(TimeControl, { hours, time: verdict.timestamp, onChange: setHours }),
    ]),
    h("div", { class: "what-if-result" }, [
      h("div", { class: "panel-head" }, [
        h("p", { class: "verdict-line", role: "status", "data-score": String(verdict.anomaly_score) }, words),
        h("button", {
          type: "button",
          "aria-disabled": String(amount === transaction.amount && hours === 0),
          onClick: () => {
            setAmount(transaction.amount);
            setHours(0);
          },
        }, "As it was"),
      ]),
      h(ScoreGauge, { score: verdict.anomaly_score, threshold: model.threshold }),
      h(Chart, {
        title: "Score by amount",
        summary: `${words} at ${formatAmount(amount, transaction.currency)}; threshold ${
          formatScore(model.threshold)
        }`,
        x: curve.x,
        xName: "Amount",
        formatX: (x) => formatAmount(x, transaction.currency),
        isTime: false,
        series: [{ name: "score", values: curve.y, tone: "plain" }],
        formatY: (y) => y.toFixed(2),
        ruleX: amount,
        ruleY: model.threshold,
        range: [0, 1],
        height: 120,
      }),
      h(ReasonBars, { reasons: verdict.reasons, caption: "What each feature would add to the score" }),
      h("p", { class: "note" }, [
        "Scored in this page by the live model, with the current state of this customer and terminal. ",
        "That state has changed since the transaction came, so the score may differ even with nothing changed. ",
        "A time before the newest known one counts as that one.",
      ]),
    ]),
  ]);
}

function AmountControl(
  { amount, highest, currency, onChange }: {
    amount: number;
    highest: number;
    currency?: string | null;
    onChange: (amount: number) => void;
  },
): Drawn {
  const id = useId();
  const digits = digitsOf(currency);
  const unit = String(10 ** -digits);
  const take = (text: string) => {
    const given = Number(text);
    if (given > 0 && given < 1e12) onChange(given);
  };
  return h("div", { class: "control" }, [
    h("label", { for: id }, `Amount${currency ? `, ${currency}` : ""}`),
    h("input", {
      type: "number",
      class: "amount",
      "aria-label": "Amount as a number",
      min: unit,
      step: unit,
      value: String(amount),
      onInput: (event) => take(event.currentTarget.value),
    }),
    h("input", {
      id,
      type: "range",
      min: String(highest / 1000),
      max: String(highest),
      step: String(highest / 1000),
      value: String(Math.min(amount, highest)),
      "aria-valuetext": formatAmount(amount, currency),
      onInput: (event) => take(Number(event.currentTarget.value).toFixed(digits)),
    }),
  ]);
}

function TimeControl(
  { hours, time, onChange }: { hours: number; time: string; onChange: (hours: number) => void },
): Drawn {
  const id = useId();
  const size = Math.abs(hours);
  const shift = size >= 48 ? `${(size / 24).toFixed(1)} days` : `${size} h`;
  const words = hours === 0 ? "as it was" : `${shift} ${hours > 0 ? "later" : "earlier"}`;
  return h("div", { class: "control" }, [
    h("label", { for: id }, "Time"),
    h("output", { for: id }, [
      h("span", null, `${formatTime(time)} UTC`),
      h("span", { class: "quiet" }, words),
    ]),
    h("input", {
      id,
      type: "range",
      min: String(EARLIEST_H),
      max: String(LATEST_H),
      step: "1",
      value: String(hours),
      "aria-valuetext": `${formatTime(time)} UTC, ${words}`,
      onInput: (event) => onChange(Number(event.currentTarget.value)),
    }),
  ]);
}

/** The next amount that is 1, 2 or 5 with noughts. */
function roundUp(amount: number): number {
  const power = 10 ** Math.floor(Math.log10(amount));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= amount) ?? amount;
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

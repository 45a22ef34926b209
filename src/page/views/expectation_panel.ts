/// <reference lib="dom" />
import { h } from "preact";
import type { Expectation, HeldOut, Training } from "../../forest/manifest.ts";
import type { Drawn } from "../drawn.ts";
import { fact, Panel } from "./panel.ts";
import { formatCount, formatScore, formatTime } from "../format.ts";

/** What to expect of the model, measured on later days than its training; or why that is not known. */
export function ExpectationPanel({ training }: { training: Training | undefined }): Drawn {
  const { heldOut, expectation } = training ?? {};
  return h(Panel, { id: "expectation", title: "What to expect" }, [
    heldOut ? h(OfHeldOut, { heldOut }) : h("p", null, [
      `How many alerts a day, and how many of them are frauds, is not known: ${
        training?.notKnown ?? "the model says nothing of its training rows"
      }.`,
    ]),
    expectation && h("details", null, [
      h("summary", null, "On its own training rows"),
      h("p", { class: "note" }, "The threshold was chosen on these rows, so expect less on others."),
      h("dl", { class: "facts wide" }, figures(expectation)),
    ]),
  ]);
}

function OfHeldOut({ heldOut }: { heldOut: HeldOut }): Drawn {
  const { flaggedPerDay, precision, recall, days, after, trainedRows } = heldOut;
  const { cardPrecision100, bestCardPrecision100 } = heldOut;
  const perDay = flaggedPerDay < 10 ? flaggedPerDay.toFixed(1) : formatCount(Math.round(flaggedPerDay));
  return h("div", null, [
    h("p", { class: "expected" }, [
      "Some ",
      h("strong", null, `${perDay} alerts a day`),
      ", of which ",
      h("strong", null, `${inTen(precision)} are frauds`),
      ". It finds ",
      h("strong", null, `${inTen(recall)} frauds`),
      "; the others look like everybody's transactions.",
    ]),
    h("p", { class: "note" }, [
      `Measured on ${days === 1 ? "the day" : `the ${formatCount(days)} days`} after ${
        formatTime(after)
      } UTC, with a forest of the same settings trained on the ${
        formatCount(trainedRows)
      } transactions before. Other traffic gives other figures.`,
    ]),
    h("dl", { class: "facts wide" }, [
      figures(heldOut),
      cardPrecision100 !== undefined &&
      fact(
        "Of the 100 oddest cards a day, frauds",
        bestCardPrecision100 === undefined
          ? percent(cardPrecision100)
          : `${percent(cardPrecision100)} (at best ${percent(bestCardPrecision100)})`,
      ),
    ]),
  ]);
}

function figures({ rows, frauds, flagged, precision, recall, rocAuc, averagePrecision }: Expectation) {
  return [
    fact("Labelled rows", `${formatCount(rows)}, ${formatCount(frauds)} fraud`),
    fact("Flagged", formatCount(flagged)),
    fact("Precision", percent(precision)),
    fact("Recall", percent(recall)),
    fact("ROC-AUC", formatScore(rocAuc)),
    fact("Average precision", formatScore(averagePrecision)),
  ];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

/** A share as people say it: 8 of 10, 1 of 100. */
function inTen(share: number): string {
  if (share > 0 && share < 0.095) return `${Math.max(1, Math.round(100 * share))} of 100`;
  return `${Math.round(10 * share)} of 10`;
}

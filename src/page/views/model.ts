/// <reference lib="dom" />
import { h } from "preact";
import type { Manifest } from "../../forest/manifest.ts";
import { ExpectationPanel } from "./expectation_panel.ts";
import { fact, Panel } from "./panel.ts";
import { type Column, Scroll, Table } from "./table.ts";
import { formatCount, formatScore, formatValue } from "../format.ts";
import { useFetched } from "../hooks.ts";
import { Failure, Loading } from "../notice.ts";
import type { Status } from "../../http/routes/answers.ts";
import type { Drawn } from "../drawn.ts";

/** Columns of a feature's training values. */
const FIGURES = ["Mean", "Least", "Most", "Usual up to", "Rare from"];

/** The live model: what it was trained on, what it looks at, what to expect of it. */
export function ModelView({ model }: { model: Status["model"] }): Drawn {
  const { value: manifest, error, reload } = useFetched<Manifest>("/v1/model");
  return h("div", { class: "model-view" }, [
    h("h1", { tabIndex: -1 }, "Model"),
    h("p", { class: "lead" }, [
      "Isolation Forest ",
      h("code", { title: model.sha256 }, model.sha256.slice(0, 16)),
    ]),
    error
      ? h(Failure, { error, retry: reload })
      : manifest === undefined
      ? h(Loading, { what: "the model" })
      : [
        h(ExpectationPanel, { training: manifest.training }),
        h(Summary, { manifest }),
        h(FeaturesPanel, { manifest }),
        model.card !== undefined && h("details", { class: "panel card" }, [
          h("summary", null, "The model card, as the trainer wrote it"),
          h("pre", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Model card" }, model.card),
        ]),
        h("p", { class: "note" }, [
          "A score says how easily a transaction is told apart from the others, not how likely fraud is. ",
          "Features that use labels also learn from the answers given on this page.",
        ]),
      ],
  ]);
}

function Summary({ manifest }: { manifest: Manifest }): Drawn {
  const { training, nEstimators, maxSamples, contamination, alertsPerDay, randomSeed, trainer, threshold } =
    manifest;
  const budget = alertsPerDay !== undefined
    ? `${formatCount(alertsPerDay)} alerts a day`
    : contamination !== undefined
    ? `${(100 * contamination).toFixed(2)}% of the training rows`
    : "as the trainer set it";
  return h(Panel, { id: "forest", title: "Forest" }, [
    h("dl", { class: "facts wide" }, [
      fact("Trees", formatCount(nEstimators)),
      fact("Samples a tree", formatCount(maxSamples)),
      fact("Threshold", `${formatScore(threshold)}, ${budget}`),
      fact("Trainer", trainer),
      randomSeed !== undefined && fact("Seed", String(randomSeed)),
      training && fact("Training rows", formatCount(training.rows)),
      training?.coveredDays !== undefined &&
      fact("Days covered", formatValue(Math.round(training.coveredDays))),
    ]),
  ]);
}

function FeaturesPanel({ manifest: { features, training } }: { manifest: Manifest }): Drawn {
  const columns: Column[] = [["Feature"], ["What it is"], ...FIGURES.map((name): Column => [name, "number"])];
  return h(Panel, { id: "features", title: "Features" }, [
    h(Scroll, { class: "whole-list", label: "Features" }, [
      h(Table, { class: "stacked", caption: "Features of the model and their training values", columns }, [
        features.map(({ name, definition, transform }, i) => {
          const values = training?.features[i];
          const figures = [values?.mean, values?.min, values?.max, transform?.floor, transform?.ceiling];
          return h("tr", null, [
            h("th", { scope: "row" }, name),
            h("td", { class: "whole" }, String(definition?.description ?? "a column of the table")),
            figures.map((value, column) =>
              h("td", { class: "number", "data-name": FIGURES[column] }, formatValue(value))
            ),
          ]);
        }),
      ]),
    ]),
  ]);
}

import { h } from "preact";
import { featureRegistry } from "../../features/registry.ts";
import { formatValue } from "../format.ts";
import { Notice } from "../notice.ts";
import { type Column, Scroll, Table } from "./table.ts";
import type { FeatureDrift, Status } from "../../http/routes/answers.ts";
import type { Drawn } from "../drawn.ts";

/** Below, a feature is stable; above the second, it has drifted. */
const STABLE = 0.1;
const DRIFTED = 0.25;
/** Quantiles that are shown, where the training has them. */
const QUANTILES = ["p50", "p90", "p99"];

/** How far each feature's recent values are from those of the training. */
export function DriftView({ status }: { status: Status }): Drawn {
  const { features } = status.drift;
  const most = Math.max(0.5, ...features.map(({ psi }) => psi ?? 0));
  const names = QUANTILES.filter((name) => features.some(({ training }) => training?.[name] !== undefined));
  const quantiles = names.map((name): Column => [`${name}, trained → now`, "number"]);
  const columns: Column[] = [["Feature"], ["PSI"], ...quantiles];
  return h("div", { class: "drift-view" }, [
    h("h1", { tabIndex: -1 }, "Drift"),
    h("p", { class: "lead" }, [
      "Values of recent transactions beside those that the model was trained on. ",
      `PSI, the population stability index: below ${STABLE} stable, above ${DRIFTED} drifted.`,
    ]),
    features.every(({ psi }) => psi === null)
      ? h(Notice, { title: features.length === 0 ? "Not known" : "Too little scored yet" }, [
        h(
          "p",
          null,
          features.length === 0
            ? "The model does not say what it was trained on, so there is nothing to compare with."
            : "Drift appears once enough transactions have been scored.",
        ),
      ])
      : h("section", { class: "panel", "aria-label": "Drift by feature" }, [
        h(Scroll, { class: "whole-list", label: "Drift by feature" }, [
          h(Table, { class: "drift stacked", caption: "Drift by feature", columns }, [
            features.map((one) => h(DriftRow, { one, most, names })),
          ]),
        ]),
      ]),
  ]);
}

function DriftRow(
  { one, most, names }: { one: FeatureDrift; most: number; names: readonly string[] },
): Drawn {
  const { name, training, now, psi } = one;
  const word = psi === null ? "not known" : psi < STABLE ? "stable" : psi <= DRIFTED ? "moving" : "drifted";
  return h("tr", null, [
    h("th", { scope: "row" }, [
      name,
      h("span", { class: "feature" }, featureRegistry.get(name)?.description ?? ""),
    ]),
    h("td", { class: `psi whole psi-${word.replace(" ", "-")}` }, [
      h("div", { class: "meter", "aria-hidden": "true" }, [
        h("div", { class: "meter-fill", style: { width: `${100 * (psi ?? 0) / most}%` } }),
      ]),
      h("span", null, psi === null ? "–" : psi.toFixed(3), " ", h("em", null, word)),
    ]),
    names.map((name) =>
      h("td", { class: "number", "data-name": name }, [
        h("span", { class: "quiet" }, `${formatValue(training?.[name])} → `),
        formatValue(now?.[name]),
      ])
    ),
  ]);
}

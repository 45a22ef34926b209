import { h } from "preact";
import { featureRegistry } from "../../features/registry.ts";
import { formatValue } from "../format.ts";
import { Notice } from "../notice.ts";
import type { FeatureDrift, Status } from "../../http/routes/answers.ts";
import type { Drawn } from "../drawn.ts";

/** Below, a feature is stable; above the second, it has drifted. */
const STABLE = 0.1;
const DRIFTED = 0.25;
/** Quantiles that are shown, where the training has them. */
const QUANTILES = ["p50", "p90", "p99"];

/** How far each feature's values of late are from those of the training. */
export function DriftView({ status }: { status: Status }): Drawn {
  const { features } = status.drift;
  const most = Math.max(0.5, ...features.map(({ psi }) => psi ?? 0));
  const names = QUANTILES.filter((name) => features.some(({ training }) => training?.[name] !== undefined));
  return h("div", { class: "drift-view" }, [
    h("h1", { tabIndex: -1 }, "Drift"),
    h("p", { class: "lead" }, [
      "Values of what was scored of late beside those the model was trained on. ",
      `PSI, the population stability index: below ${STABLE} stable, above ${DRIFTED} drifted.`,
    ]),
    features.every(({ psi }) => psi === null)
      ? h(Notice, { title: "Too little scored yet" }, [
        h("p", null, "Drift appears when enough transactions have been scored."),
      ])
      : h("section", { class: "panel", "aria-label": "Drift by feature" }, [
        h("div", {
          class: "scroll whole-list",
          tabIndex: 0,
          role: "region",
          "aria-label": "Drift by feature",
        }, [
          h("table", { class: "drift stacked" }, [
            h("caption", { class: "hidden" }, "Drift by feature"),
            h("thead", null, [
              h("tr", null, [
                h("th", { scope: "col" }, "Feature"),
                h("th", { scope: "col" }, "PSI"),
                names.map((name) => h("th", { scope: "col", class: "number" }, `${name}, trained → now`)),
              ]),
            ]),
            h("tbody", null, features.map((one) => h(DriftRow, { one, most, names }))),
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

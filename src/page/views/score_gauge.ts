import { h } from "preact";
import { formatScore } from "../format.ts";
import type { Drawn } from "../drawn.ts";

/** A score on the way from 0 to 1, with the threshold marked. */
export function ScoreGauge({ score, threshold }: { score: number; threshold: number }): Drawn {
  const flagged = score > threshold;
  const percent = (value: number) => `${(100 * Math.min(Math.max(value, 0), 1)).toFixed(2)}%`;
  return h("div", {
    class: `gauge ${flagged ? "is-flagged" : "is-plain"}`,
    role: "img",
    "aria-label": `Score ${formatScore(score)} of 1, ${flagged ? "above" : "not above"} the threshold ${
      formatScore(threshold)
    }`,
  }, [
    h("div", { class: "gauge-track" }, [
      h("div", { class: "gauge-fill", style: { width: percent(score) } }),
      h("div", { class: "gauge-threshold", style: { left: percent(threshold) } }),
    ]),
    h("div", { class: "gauge-scale" }, [
      h("span", null, "0"),
      h("span", { class: "gauge-name", style: { left: percent(threshold) } }, [
        `threshold ${formatScore(threshold)}`,
      ]),
      h("span", null, "1"),
    ]),
  ]);
}

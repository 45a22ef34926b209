import type { Point } from "./curves.ts";

/** One axis of a chart. */
export interface Axis {
  label: string;
  min: number;
  max: number;
  /** Marks to draw, with their text; four even steps unless given. */
  ticks?: [value: number, text: string][];
}

/** One series of a chart, drawn in the colour `tone`. */
export interface Series {
  name: string;
  tone: "plain" | "fraud" | "muted" | "best";
  /** `bars` stand on the axis, each from its point's x to the next one's. */
  kind: "line" | "dashes" | "dots" | "bars";
  /** Points in drawing order. */
  points: Point[];
  /** Thin and pale, and not named. */
  faint?: boolean;
}

/** A figure of the report. */
export interface Chart {
  title: string;
  x: Axis;
  y: Axis;
  series: Series[];
  rules?: { x: number; label: string }[];
  note?: string;
  /** Lower, for one of many side by side. */
  small?: boolean;
}

const WIDTH = 360;
const LEFT = 44;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 36;

/**
 * Draws a chart as a figure with inline SVG and its legend in text; colours come from the page's style.
 *
 * @returns HTML without scripts or references.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "../../testing/assert.ts";
 * import { renderChart } from "./chart.ts";
 *
 * const axis = { label: "x", min: 0, max: 1 };
 * const html = renderChart({
 *   title: "A < B", x: axis, y: axis,
 *   series: [{ name: "line", tone: "plain", kind: "line", points: [[0, 0], [1, 1]] }],
 * });
 * assertStringIncludes(html, "A &lt; B");
 * ```
 */
export function renderChart(chart: Chart): string {
  const { title, x, y, series, rules = [], note } = chart;
  const height = chart.small ? 150 : 230;
  const across = scaleOf(x, LEFT, WIDTH - RIGHT);
  const up = scaleOf(y, height - BOTTOM, TOP);
  const parts: string[] = [];
  for (const [value, text] of y.ticks ?? evenTicks(y)) {
    const at = up(value);
    parts.push(`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}"/>`);
    parts.push(`<text x="${LEFT - 5}" y="${at}" dy=".32em" text-anchor="end">${escapeHtml(text)}</text>`);
  }
  for (const [value, text] of x.ticks ?? evenTicks(x)) {
    parts.push(
      `<text x="${across(value)}" y="${height - BOTTOM + 14}" text-anchor="middle">${
        escapeHtml(text)
      }</text>`,
    );
  }
  parts.push(...series.map((one) => drawSeries(one, across, up)));
  for (const rule of rules) {
    const at = across(rule.x);
    const anchor = at > WIDTH / 2 ? "end" : "start";
    parts.push(`<line class="rule" x1="${at}" x2="${at}" y1="${TOP}" y2="${height - BOTTOM}"/>`);
    parts.push(
      `<text class="strong" x="${at + (anchor === "end" ? -4 : 4)}" y="${TOP + 9}" text-anchor="${anchor}">` +
        `${escapeHtml(rule.label)}</text>`,
    );
  }
  const middle = (LEFT + WIDTH - RIGHT) / 2;
  parts.push(`<text x="${middle}" y="${height - 5}" text-anchor="middle">${escapeHtml(x.label)}</text>`);
  const named = series.filter(({ faint }) => !faint);
  const legend = named.map(({ name, tone, kind }) =>
    `<span class="entry"><span class="key ${tone}${kind === "dashes" ? " dashes" : ""}"></span>${
      escapeHtml(name)
    }</span>`
  );
  return `<figure${chart.small ? ' class="small"' : ""}><figcaption>${escapeHtml(title)}</figcaption>
<p class="legend"><span class="axis">${escapeHtml(y.label)}</span>${legend.join(" ")}</p>
<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeHtml(title)}">${parts.join("")}</svg>
${note === undefined ? "" : `<p class="note">${escapeHtml(note)}</p>`}</figure>`;
}

/** Text for the inside of an element or an attribute in double quotes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
    .replaceAll("&#38;", "&amp;").replaceAll("&#60;", "&lt;").replaceAll("&#62;", "&gt;");
}

type Scale = (value: number) => number;

function scaleOf({ min, max }: Axis, from: number, to: number): Scale {
  const span = max > min ? max - min : 1;
  return (value) => {
    const share = (Math.min(Math.max(value, min), Math.max(max, min)) - min) / span;
    return Math.round((from + share * (to - from)) * 10) / 10;
  };
}

function evenTicks({ min, max }: Axis): [number, string][] {
  const digits = max - min >= 4 ? 0 : max - min >= 0.4 ? 2 : 3;
  return [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const value = min + share * (max - min);
    return [value, Math.abs(value) >= 1e6 ? value.toExponential(1) : String(Number(value.toFixed(digits)))];
  });
}

function drawSeries({ kind, tone, points, faint }: Series, across: Scale, up: Scale): string {
  const style = `${tone}${faint ? " faint" : ""}`;
  if (kind === "bars") {
    const bars = points.slice(0, -1).map(([x, y], i) => {
      const [left, right] = [across(x), across(points[i + 1][0])];
      const top = up(y);
      const height = Math.round((up(0) - top) * 10) / 10;
      return height > 0 ? `M${left} ${up(0)}V${top}H${right}V${up(0)}Z` : "";
    });
    return `<path class="bars ${style}" d="${bars.join("")}"/>`;
  }
  if (kind === "dots") {
    return points.map(([x, y]) => `<circle class="dots ${style}" cx="${across(x)}" cy="${up(y)}" r="3.5"/>`)
      .join("");
  }
  const path = points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${across(x)} ${up(y)}`).join("");
  return `<path class="${kind} ${style}" d="${path}"/>`;
}

/// <reference lib="dom" />
import { h } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { axisLabels } from "../format.ts";
import { DetailTable } from "./table.ts";
import type { Drawn } from "../drawn.ts";

/** One series of a chart. */
export interface ChartSeries {
  /** What it is, for the key and the table. */
  name: string;
  /** A value for each x; null leaves a gap. */
  values: readonly (number | null)[];
  /** Its colour, a custom property of the page. */
  tone: "plain" | "fraud" | "muted" | "best" | "ink";
  /** How it is drawn (default a line). */
  as?: "line" | "bars" | "points" | "mark";
}

/** What a chart shows. */
export interface ChartProps {
  /** What it is about, for everyone. */
  title: string;
  /** What it says, for those who do not see it. */
  summary: string;
  /** Rising values of x: epoch seconds, or numbers. */
  x: readonly number[];
  xName: string;
  /** x in words. */
  formatX(x: number): string;
  /** Whether x is a time (default true). */
  isTime?: boolean;
  series: readonly ChartSeries[];
  /** y in words. */
  formatY(y: number): string;
  /** `log` draws small counts beside large ones. */
  scale?: "linear" | "log";
  /** The smallest and the largest y, where they are given. */
  range?: readonly [number, number];
  /** A line across the chart at this x. */
  ruleX?: number;
  /** A line across the chart at this y. */
  ruleY?: number;
  /** Pixels, without title and key (default 130). */
  height?: number;
}

/** A chart with a title, a key, a readout and the same figures as a table. */
export function Chart(props: ChartProps): Drawn {
  const { title, summary, x, xName, formatX, series, formatY } = props;
  const place = useRef<HTMLDivElement>(null);
  const readout = useRef<HTMLSpanElement>(null);
  const drawn = useRef<{ plot: uPlot; shape: string } | undefined>(undefined);
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const shape = shapeOf(props);
    if (drawn.current?.shape !== shape) {
      drawn.current?.plot.destroy();
      drawn.current = {
        shape,
        plot: draw(place.current!, latest, (text) => readout.current!.textContent = text),
      };
    } else {
      drawn.current.plot.setData(columnsOf(props));
    }
  });
  useEffect(() => {
    const element = place.current!;
    const fit = new ResizeObserver(() => {
      drawn.current?.plot.setSize({ width: element.clientWidth, height: latest.current.height ?? HEIGHT });
    });
    fit.observe(element);
    // Colours are read when a chart is drawn.
    const redraw = () => drawn.current?.plot.redraw(false, true);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", redraw);
    const themed = new MutationObserver(redraw);
    themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      fit.disconnect();
      dark.removeEventListener("change", redraw);
      themed.disconnect();
      drawn.current?.plot.destroy();
      drawn.current = undefined;
    };
  }, []);

  return h("figure", { class: "chart" }, [
    h("figcaption", null, [
      h("span", { class: "chart-title" }, title),
      h("span", { class: "readout", ref: readout, "aria-hidden": "true" }),
      series.length > 1 && h("span", { class: "key", "aria-hidden": "true" }, [
        series.map(({ name, tone, as }) => h("span", { class: `key-${as ?? "line"} tone-${tone}` }, name)),
      ]),
    ]),
    h("div", { class: "plot", role: "img", "aria-label": `${title}: ${summary}`, ref: place }),
    h(DetailTable, {
      title,
      columns: [xName, ...series.map(({ name }) => name)],
      count: x.length,
      row: (i) => [
        formatX(x[i]),
        ...series.map(({ values }) => values[i] === null ? "–" : formatY(values[i]!)),
      ],
    }),
  ]);
}

const HEIGHT = 130;

/** A chart with another shape is drawn anew; with the same one it takes new values. */
function shapeOf({ series, scale, range, isTime, height }: ChartProps): string {
  return JSON.stringify([series.map(({ name, tone, as }) => [name, tone, as]), scale, range, isTime, height]);
}

function columnsOf({ x, series }: ChartProps): uPlot.AlignedData {
  return [x, ...series.map(({ values }) => values)] as unknown as uPlot.AlignedData;
}

function draw(place: HTMLElement, latest: { current: ChartProps }, tell: (text: string) => void): uPlot {
  const props = latest.current;
  const { series, scale, range, isTime = true, height = HEIGHT } = props;
  const colour = (name: string) => () => getComputedStyle(place).getPropertyValue(`--${name}`);
  const axis: uPlot.Axis = {
    stroke: colour("soft"),
    grid: { stroke: colour("line"), width: 1 },
    ticks: { stroke: colour("line"), width: 1, size: 4 },
    font: "11px system-ui, sans-serif",
    gap: 4,
  };
  return new uPlot(
    {
      width: place.clientWidth,
      height,
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { show: series.every(({ as }) => as === undefined) } },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      scales: {
        x: { time: isTime, range: (_plot, least, most) => widen(least, most, latest.current) },
        y: scale === "log"
          ? { distr: 4, range: (_plot, _least, most) => [0, Math.max(most, 1) * 1.3] }
          : { range: (_plot, _least, most) => range ? [...range] : [0, most > 0 ? most * 1.08 : 1] },
      },
      axes: [
        { ...axis, size: 26, space: 64, ...(isTime ? { values: TIMES } : {}) },
        {
          ...axis,
          size: (_plot, labels) => widthFor(labels),
          space: height < 100 ? 18 : 26,
          values: (_plot, splits) => axisLabels(splits, (y) => latest.current.formatY(y)),
          ...(scale === "log" ? { splits: (_plot, _axis, _least, most) => powersUpTo(most) } : {}),
        },
      ],
      series: [{}, ...series.map((each) => styleOf(each, colour(each.tone)))],
      hooks: {
        draw: [(plot) => drawRules(plot, latest.current, colour("ink")())],
        setCursor: [({ cursor: { idx } }) => tell(readoutAt(latest.current, idx))],
      },
    },
    columnsOf(props),
    place,
  );
}

/** Pixels beside the labels of the vertical axis, so that none is cut off; charts with short ones are alike. */
function widthFor(labels: readonly string[] | null): number {
  const longest = Math.max(0, ...(labels ?? []).map((label) => label.length));
  return Math.max(LEAST_AXIS_WIDTH, LABEL_MARGIN + longest * DIGIT_WIDTH);
}

const LEAST_AXIS_WIDTH = 46;
/** Tick, gaps, and a pixel to spare. */
const LABEL_MARGIN = 11;
/** Of a wide digit at 11 px. */
const DIGIT_WIDTH = 7;

/** Times of day, and the date in a second line where it changes. */
const TIMES: uPlot.Axis.Values = [
  [86_400, "{D} {MMM}", null, null, null, null, null, null, 1],
  [3600, "{HH}:{mm}", "\n{D} {MMM}", null, null, null, null, null, 1],
  [60, "{HH}:{mm}", null, null, null, null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", null, null, null, null, null, null, 1],
];

function styleOf({ as = "line" }: ChartSeries, colour: () => string): uPlot.Series {
  if (as === "bars") {
    return {
      stroke: colour,
      fill: colour,
      width: 0,
      points: { show: false },
      paths: uPlot.paths.bars!({ size: [0.86, 64] }),
    };
  }
  if (as === "line") {
    return { stroke: colour, width: 1.5, points: { show: true, size: 4, fill: colour, filter: loneValues } };
  }
  const isMark = as === "mark";
  return {
    stroke: colour,
    paths: () => null,
    points: {
      show: true,
      size: isMark ? 11 : 6,
      width: isMark ? 2.5 : 1,
      stroke: colour,
      fill: isMark ? "transparent" : colour,
    },
  };
}

/** Where a value has no neighbour to draw a line to. */
function loneValues(plot: uPlot, series: number): number[] {
  const values = plot.data[series];
  const isNone = (i: number) => (values[i] ?? null) === null;
  return [...values.keys()].filter((i) => !isNone(i) && isNone(i - 1) && isNone(i + 1));
}

/** Room on both sides, so that no point and no bar is cut off. */
function widen(least: number, most: number, { x, series }: ChartProps): [number, number] {
  const isBars = series.some(({ as }) => as === "bars");
  const room = isBars && x.length > 1 ? (x[1] - x[0]) / 2 : (most - least || 3600) * 0.03;
  return [least - room, most + room];
}

function powersUpTo(most: number): number[] {
  const splits: number[] = [];
  for (let power = 1; power <= most; power *= 10) splits.push(power);
  return splits;
}

function drawRules(plot: uPlot, { ruleX, ruleY }: ChartProps, colour: string): void {
  const { ctx, bbox: { left, top, width, height } } = plot;
  const line = (fromX: number, fromY: number, toX: number, toY: number) => {
    ctx.beginPath();
    ctx.moveTo(fromX, fromY);
    ctx.lineTo(toX, toY);
    ctx.stroke();
  };
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
  if (ruleX !== undefined) {
    const at = plot.valToPos(ruleX, "x", true);
    if (at >= left && at <= left + width) line(at, top, at, top + height);
  }
  if (ruleY !== undefined) {
    const at = plot.valToPos(ruleY, "y", true);
    if (at >= top && at <= top + height) line(left, at, left + width, at);
  }
  ctx.restore();
}

function readoutAt({ x, series, formatX, formatY }: ChartProps, index: number | null | undefined): string {
  if (index === null || index === undefined || index >= x.length) return "";
  const told = series.filter(({ values }) => (values[index] ?? null) !== null)
    .map(({ name, values }) =>
      series.length > 1 ? `${name} ${formatY(values[index]!)}` : formatY(values[index]!)
    );
  return [formatX(x[index]), ...told].join(" · ");
}

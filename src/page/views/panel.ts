/// <reference lib="dom" />
import { type ComponentChildren, h } from "preact";
import type { Drawn } from "../drawn.ts";

/** A part of a view, with a heading of its own. */
export interface PanelProps {
  /** Names the heading, as `${id}-title`. */
  id: string;
  title: ComponentChildren;
  /** What stands beside the heading. */
  beside?: ComponentChildren;
  class?: string;
  children?: ComponentChildren;
}

/** Draws a panel that a screen reader finds by its heading. */
export function Panel({ id, title, beside, class: kind = "", children }: PanelProps): Drawn {
  const heading = h("h2", { id: `${id}-title` }, title);
  return h("section", { class: `panel ${kind}`.trim(), "aria-labelledby": `${id}-title` }, [
    beside === undefined ? heading : h("div", { class: "panel-head" }, heading, beside),
    children,
  ]);
}

/** A figure and its name in a list of facts. */
export function fact(name: string, value: ComponentChildren): Drawn {
  return h("div", null, h("dt", null, name), h("dd", null, value));
}

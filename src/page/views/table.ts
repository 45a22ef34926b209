/// <reference lib="dom" />
import { type ComponentChildren, h, type TargetedToggleEvent } from "preact";
import { useState } from "preact/hooks";
import type { Drawn } from "../drawn.ts";

/** A column's heading, and its class where it has one. */
export type Column = readonly [heading: ComponentChildren, kind?: string];

/** What a table has besides its rows. */
export interface TableProps {
  /** What it shows, for those who do not see it. */
  caption: string;
  class?: string;
  columns: readonly (Column | false)[];
  /** The rows. */
  children?: ComponentChildren;
}

/** A table with a hidden caption and headings of columns. */
export function Table({ caption, class: kind, columns, children }: TableProps): Drawn {
  return h("table", { class: kind }, [
    h("caption", { class: "hidden" }, caption),
    h("thead", null, [
      h(
        "tr",
        null,
        columns.map((column) => column && h("th", { scope: "col", class: column[1] }, column[0])),
      ),
    ]),
    h("tbody", null, children),
  ]);
}

/** A region that scrolls by itself, which the keyboard reaches. */
export function Scroll(
  { label, class: kind = "", children }: { label: string; class?: string; children?: ComponentChildren },
): Drawn {
  const name = `scroll ${kind}`.trim();
  return h("div", { class: name, tabIndex: 0, role: "region", "aria-label": label }, children);
}

/** What a table behind a chart holds. */
export interface DetailTableProps {
  title: string;
  columns: readonly string[];
  /** Number of rows. */
  count: number;
  /** The cells of a row, from 0. */
  row(index: number): readonly (string | Drawn)[];
}

/** A chart's figures as a table, made when it is opened. */
export function DetailTable({ title, columns, count, row }: DetailTableProps): Drawn {
  const [isOpen, setOpen] = useState(false);
  const onToggle = (event: TargetedToggleEvent<HTMLDetailsElement>) => setOpen(event.currentTarget.open);
  return h("details", { class: "figures", open: isOpen, onToggle }, [
    h("summary", null, "As a table", h("span", { class: "hidden" }, `: ${title}`)),
    isOpen && h(Scroll, { label: title }, [
      h(Table, { caption: title, columns: columns.map((name): Column => [name]) }, [
        Array.from({ length: count }, (_, i) => {
          const [head, ...cells] = row(i);
          return h("tr", null, h("th", { scope: "row" }, head), cells.map((cell) => h("td", null, cell)));
        }),
      ]),
    ]),
  ]);
}

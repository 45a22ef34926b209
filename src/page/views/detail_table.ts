/// <reference lib="dom" />
import { h, type TargetedToggleEvent } from "preact";
import { useState } from "preact/hooks";
import type { Drawn } from "../drawn.ts";

/** What a table behind a chart holds. */
export interface DetailTableProps {
  title: string;
  /** Heads of the columns. */
  columns: readonly string[];
  /** Number of rows. */
  count: number;
  /** The cells of a row, from 0. */
  row(index: number): readonly (string | Drawn)[];
}

/** A chart's figures as a table, made when it is opened. */
export function DetailTable({ title, columns, count, row }: DetailTableProps): Drawn {
  const [isOpen, setOpen] = useState(false);
  return h("details", {
    class: "figures",
    open: isOpen,
    onToggle: (event: TargetedToggleEvent<HTMLDetailsElement>) => setOpen(event.currentTarget.open),
  }, [
    h("summary", null, "As a table", h("span", { class: "hidden" }, `: ${title}`)),
    isOpen && h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": title }, [
      h("table", null, [
        h("thead", null, h("tr", null, columns.map((name) => h("th", { scope: "col" }, name)))),
        h("tbody", null, [
          Array.from({ length: count }, (_, i) => {
            const [head, ...cells] = row(i);
            return h("tr", null, h("th", { scope: "row" }, head), cells.map((cell) => h("td", null, cell)));
          }),
        ]),
      ]),
    ]),
  ]);
}

/// <reference lib="dom" />
import { h, type TargetedSubmitEvent } from "preact";
import { useId, useState } from "preact/hooks";
import { FlaggedTable } from "./flagged_table.ts";
import { useFetched } from "../hooks.ts";
import { Failure, Loading, Notice } from "../notice.ts";
import { routeTo } from "../route.ts";
import type { Answer } from "../../http/routes/answers.ts";
import type { Drawn } from "../drawn.ts";

const PAGE_ROWS = "50";

/** A field of the filter. */
type Field = readonly [name: string, title: string, attributes: Readonly<Record<string, string>>];

const FIELDS: readonly Field[] = [
  ["customer", "Customer", { type: "text", autocomplete: "off" }],
  ["terminal", "Terminal", { type: "text", autocomplete: "off" }],
  ["from", "From, UTC", { type: "datetime-local" }],
  ["to", "Until, UTC", { type: "datetime-local" }],
  ["min_score", "Score from", { type: "number", min: "0", max: "1", step: "0.001" }],
  ["min_amount", "Amount from", { type: "number", min: "0", step: "any" }],
];

const LABELS: readonly (readonly [value: string, name: string])[] = [
  ["", "any"],
  ["none", "none"],
  ["fraud", "fraud"],
  ["legit", "legitimate"],
];

const SOURCES: typeof LABELS = [
  ["", "any"],
  ["stream", "stream"],
  ["api", "page, HTTP"],
  ["command", "command"],
];

/** The flagged transactions that match a filter, newest first, a page at a time; the address holds the filter. */
export function FlaggedView({ query }: { query: URLSearchParams }): Drawn {
  const filter = Object.fromEntries(
    [...FIELDS.map(([name]) => name), "label", "source"].map((name) => [name, query.get(name) ?? ""]),
  );
  return h("div", { class: "flagged-view" }, [
    h("h1", { tabIndex: -1 }, "Flagged transactions"),
    h(Filter, { key: `filter ${query}`, filter }),
    h(Pages, { key: `pages ${query}`, filter }),
  ]);
}

function Filter({ filter }: { filter: Readonly<Record<string, string>> }): Drawn {
  const id = useId();
  return h("form", {
    class: "filter panel",
    role: "search",
    "aria-label": "Filter",
    onSubmit: (event: TargetedSubmitEvent<HTMLFormElement>) => {
      event.preventDefault();
      const given = Object.fromEntries(
        [...new FormData(event.currentTarget)].map(([name, value]) => [name, String(value).trim()]),
      );
      location.hash = routeTo("flagged", "", given);
    },
  }, [
    FIELDS.map(([name, title, attributes]) =>
      h("div", { class: "field" }, [
        h("label", { for: `${id}-${name}` }, title),
        h("input", { id: `${id}-${name}`, name, ...attributes, defaultValue: filter[name] }),
      ])
    ),
    ([["label", "Label", LABELS], ["source", "Label from", SOURCES]] as const).map(([name, title, options]) =>
      h("div", { class: "field" }, [
        h("label", { for: `${id}-${name}` }, title),
        h("select", { id: `${id}-${name}`, name }, [
          options.map(([value, text]) => h("option", { value, selected: value === filter[name] }, text)),
        ]),
      ])
    ),
    h("div", { class: "field actions" }, [
      h("button", { type: "submit", class: "primary" }, "Show"),
      !isEmpty(filter) && h("a", { href: routeTo("flagged") }, "Clear"),
    ]),
  ]);
}

function Pages({ filter }: { filter: Readonly<Record<string, string>> }): Drawn {
  // Cursors of the pages so far; the newest page has none.
  const [cursors, setCursors] = useState<readonly string[]>([""]);
  const cursor = cursors.at(-1)!;
  const { value, error, isLoading, reload } = useFetched<
    Answer<"flagged">
  >(
    `/v1/flagged?${new URLSearchParams(asked(filter, cursor))}`,
  );
  if (error) return h(Failure, { error, retry: reload });
  if (value === undefined) return h(Loading, { what: "the list" });
  const { flagged, next_cursor } = value;
  const hasNewer = cursors.length > 1 && !isLoading;
  const hasOlder = next_cursor !== null && !isLoading;
  if (flagged.length === 0 && cursors.length === 1) {
    return isEmpty(filter)
      ? h(Notice, { title: "Nothing flagged yet" })
      : h(Notice, { title: "None found" }, h("p", null, "No flagged transaction matches this filter."));
  }
  return h("section", { class: "panel", "aria-label": "Results", "aria-busy": String(isLoading) }, [
    h("div", {
      class: "scroll whole-list",
      tabIndex: 0,
      role: "region",
      "aria-label": "Flagged transactions",
    }, [
      h(FlaggedTable, { flagged, caption: "Flagged transactions, newest first", labels: true }),
    ]),
    h("nav", { class: "pages", "aria-label": "Pages" }, [
      h("button", {
        type: "button",
        "aria-disabled": String(!hasNewer),
        onClick: () => hasNewer && setCursors(cursors.slice(0, -1)),
      }, "Newer"),
      h("span", { role: "status" }, `Page ${cursors.length}, ${flagged.length} rows`),
      h("button", {
        type: "button",
        "aria-disabled": String(!hasOlder),
        onClick: () => hasOlder && setCursors([...cursors, next_cursor]),
      }, "Older"),
    ]),
  ]);
}

function isEmpty(filter: Readonly<Record<string, string>>): boolean {
  return Object.values(filter).every((value) => value === "");
}

/** The filter as the server takes it: without what is empty, times in UTC. */
function asked(filter: Readonly<Record<string, string>>, cursor: string): string[][] {
  return [...Object.entries(filter), ["limit", PAGE_ROWS], ["cursor", cursor]]
    .filter(([, value]) => value !== "")
    .map(([name, value]) => [name, name === "from" || name === "to" ? `${value.padEnd(19, ":00")}Z` : value]);
}

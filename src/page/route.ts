/** The views of the page, as the address names them after `#/`. */
export type View = "overview" | "flagged" | "transactions" | "drift" | "model";

/** What the address asks for. */
export interface Route {
  /** Undefined if there is no view of that name. */
  view: View | undefined;
  /** Id of the transaction; empty in other views. */
  id: string;
  query: URLSearchParams;
}

const VIEWS: readonly string[] = ["overview", "flagged", "transactions", "drift", "model"];

/**
 * Reads the part of an address after `#`.
 *
 * @param hash Such as `#/flagged?customer=c1` or `#/transactions/1-55`; empty for the overview.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { parseRoute } from "./route.ts";
 *
 * const { view, id } = parseRoute("#/transactions/a%2Fb");
 * assertEquals([view, id], ["transactions", "a/b"]);
 * ```
 */
export function parseRoute(hash: string): Route {
  const [path, query = ""] = hash.replace(/^#?\/?/, "").split(/\?(.*)/s);
  const [name, ...rest] = path.split("/");
  const view = name === "" ? "overview" : VIEWS.includes(name) ? name as View : undefined;
  const id = decode(rest.join("/"));
  const isWhole = view === undefined || (view === "transactions") === (id !== "");
  return { view: isWhole ? view : undefined, id, query: new URLSearchParams(query) };
}

/**
 * The address of a view, as `parseRoute` reads it.
 *
 * @param id Id of a transaction, in the view `transactions`.
 * @param query Names and values; empty values are left out.
 */
export function routeTo(view: View, id = "", query: Readonly<Record<string, string>> = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== "");
  const search = given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
  return `#/${view}${id === "" ? "" : `/${encodeURIComponent(id)}`}${search}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // An incomplete escape is part of the id.
    return text;
  }
}

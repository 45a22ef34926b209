import { Buffer } from "node:buffer";
import { setTimeout as pause } from "node:timers/promises";
import { Semaphore } from "../../runtime/semaphore.ts";
import type { FlaggedPlace, PlacedTransaction } from "../../ledger/queries.ts";
import { parseJson } from "../../runtime/json.ts";
import { ANSWERS, type PlacedVerdict } from "./answers.ts";
import type { HttpParts } from "../parts.ts";
import { Problem } from "../problem.ts";
import { jsonRoute, type Route } from "./route.ts";
import { flaggedQuery, readFlaggedQuery } from "./requests.ts";

/** Verdicts that a page holds at most, unless one alone is longer. */
const MAX_PAGE_BYTES = 1 << 20;

/** Pages that are in memory at once before they are answers. */
const MOST_PAGES = 4;
const USUAL_ROW_BYTES = 2048;

/** `GET /v1/flagged`: flagged transactions, the newest event first, in pages. */
export function flaggedRoutes({ ledger, topic }: HttpParts): Route[] {
  const route = {
    method: "get" as const,
    path: "/v1/flagged",
    scope: "read" as const,
    summary: "Flagged transactions, the newest first, with their labels",
    query: flaggedQuery,
    refusals: [400, 404],
  };
  const pages = new Semaphore(MOST_PAGES);
  return [jsonRoute(route, ANSWERS.flagged, async (request, _caller, hold) => {
    if (ledger === undefined) throw new Problem(404, "There is no ledger here, so nothing is kept.");
    const { customer, terminal, from, to, min_score, min_amount, label, source, limit, cursor } =
      readFlaggedQuery(request.query());
    // Where no memory is left for the answer, it is not even looked for.
    hold(Math.min(MAX_PAGE_BYTES, limit * USUAL_ROW_BYTES));
    using _page = await pages.acquire(1);
    const found = await ledger.queries.flagged(topic, {
      customerId: customer,
      terminalId: terminal,
      fromMs: from,
      toMs: to,
      minScore: min_score,
      minAmount: min_amount,
      label,
      labelSource: source,
      before: cursor === undefined ? undefined : placeOf(cursor),
      limit: limit + 1,
      maxBytes: MAX_PAGE_BYTES,
    });
    const page = firstOf(found, limit);
    // Other requests get their turns between two pages.
    await pause(1);
    const last = page.at(-1);
    return {
      answer: {
        flagged: page.map(({ partition, offset, verdict, label, labelSource, labelledBy }) => ({
          ...parseJson(verdict) as PlacedVerdict,
          id: `${topic}/${partition}/${offset}`,
          label,
          label_source: labelSource,
          label_by: labelledBy,
        })),
        next_cursor: found.length > page.length && last !== undefined ? cursorOf(last) : null,
      },
    };
  })];
}

/** The rows of a page: up to the limit, and to the row that fills it. */
function firstOf(found: readonly PlacedTransaction[], limit: number): PlacedTransaction[] {
  let bytes = 0;
  const end = found.findIndex(({ verdict }, i) => {
    if (i === limit || bytes >= MAX_PAGE_BYTES) return true;
    bytes += Buffer.byteLength(verdict);
    return false;
  });
  return end < 0 ? [...found] : found.slice(0, end);
}

function cursorOf({ timestampMs, partition, offset }: FlaggedPlace): string {
  return `${timestampMs}.${partition}.${offset}`;
}

function placeOf(cursor: string): FlaggedPlace {
  const [timestampMs, partition, offset] = cursor.split(".").map(Number);
  return { timestampMs, partition, offset };
}

import type { FlaggedPlace } from "../../ledger/queries.ts";
import { ANSWERS, type PlacedVerdict } from "./answers.ts";
import type { HttpParts } from "../parts.ts";
import { Problem } from "../problem.ts";
import { jsonRoute, type Route } from "./route.ts";
import { flaggedQuery, readFlaggedQuery } from "./requests.ts";

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
  return [jsonRoute(route, ANSWERS.flagged, async (request) => {
    if (ledger === undefined) throw new Problem(404, "There is no ledger here, so nothing is kept.");
    const { customer, terminal, from, to, min_score, min_amount, label, limit, cursor } = readFlaggedQuery(
      request.query(),
    );
    const found = await ledger.queries.flagged(topic, {
      customerId: customer,
      terminalId: terminal,
      fromMs: from,
      toMs: to,
      minScore: min_score,
      minAmount: min_amount,
      label,
      before: cursor === undefined ? undefined : placeOf(cursor),
      limit: limit + 1,
    });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      answer: {
        flagged: page.map(({ partition, offset, verdict, label }) => ({
          ...JSON.parse(verdict) as PlacedVerdict,
          id: `${topic}/${partition}/${offset}`,
          label,
        })),
        next_cursor: found.length > limit && last !== undefined ? cursorOf(last) : null,
      },
    };
  })];
}

function cursorOf({ timestampMs, partition, offset }: FlaggedPlace): string {
  return `${timestampMs}.${partition}.${offset}`;
}

function placeOf(cursor: string): FlaggedPlace {
  const [timestampMs, partition, offset] = cursor.split(".").map(Number);
  return { timestampMs, partition, offset };
}

import { ANSWERS } from "./answer_schemas.ts";
import { jsonSchemaOf } from "./json_schema.ts";
import type { HttpParts } from "../parts.ts";
import { jsonResponse, type Route } from "./route.ts";

/** The consumer looks at the stream every few seconds; without a word for so long, it cannot. */
const SILENT_MS = 30_000;

/** `GET /healthz`, the process answers, and `GET /readyz`, it does its work. */
export function healthRoutes(parts: HttpParts): Route[] {
  return [
    {
      method: "get",
      path: "/healthz",
      summary: "The process answers",
      answer: { "application/json": jsonSchemaOf(ANSWERS.health) },
      handle: () => jsonResponse({ status: "ok" }),
    },
    {
      method: "get",
      path: "/readyz",
      summary: "The process does its work; 503 with the reasons where it does not",
      answer: { "application/json": jsonSchemaOf(ANSWERS.readiness) },
      statuses: { 503: "It does not do its work" },
      handle() {
        const reasons = reasonsAgainst(parts);
        return jsonResponse({ ready: reasons.length === 0, reasons }, reasons.length === 0 ? 200 : 503);
      },
    },
  ];
}

/** Why the process does not do its work; nothing where it does. */
export function reasonsAgainst({ service, live, signal }: HttpParts): string[] {
  const reasons: string[] = [];
  if (signal.aborted) reasons.push("the service is ending");
  if (service === "consume") {
    if (live.status === undefined) reasons.push("the stream has not been looked at yet");
    else if (live.statusAgeMs > SILENT_MS) reasons.push("the stream cannot be looked at");
    else if (!live.status.healthy) reasons.push("nothing moves while records wait");
  }
  return reasons;
}

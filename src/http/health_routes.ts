import type { HttpParts } from "./parts.ts";
import { jsonResponse, type Route } from "./route.ts";

/** `GET /healthz`, the process answers, and `GET /readyz`, it does its work. */
export function healthRoutes(parts: HttpParts): Route[] {
  return [
    {
      method: "get",
      path: "/healthz",
      summary: "The process answers",
      handle: () => jsonResponse({ status: "ok" }),
    },
    {
      method: "get",
      path: "/readyz",
      summary: "The process does its work; 503 with the reasons where it does not",
      handle() {
        const reasons = reasonsAgainst(parts);
        return jsonResponse({ ready: reasons.length === 0, reasons }, reasons.length === 0 ? 200 : 503);
      },
    },
  ];
}

function reasonsAgainst({ service, live, signal }: HttpParts): string[] {
  const reasons: string[] = [];
  if (signal.aborted) reasons.push("the service is ending");
  if (service === "consume") {
    if (live.status === undefined) reasons.push("the stream has not been looked at yet");
    else if (!live.status.healthy) reasons.push("nothing moves while records wait");
  }
  return reasons;
}

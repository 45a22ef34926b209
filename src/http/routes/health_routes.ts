import { describeRestoring } from "../../consumer/status.ts";
import { ANSWERS, type States } from "./answers.ts";
import type { HttpParts } from "../parts.ts";
import { jsonRoute, type Route } from "./route.ts";

/** The consumer reports every few seconds; if it has been silent this long, it cannot reach the stream. */
const SILENT_MS = 30_000;
/** A relay, or a way to a server, that has failed for this long is a reason. */
const FAILING_MS = 60_000;

/** `GET /healthz`, the process answers, and `GET /readyz`, it does its work. */
export function healthRoutes(parts: HttpParts): Route[] {
  return [
    jsonRoute(
      { method: "get", path: "/healthz", summary: "The process answers" },
      ANSWERS.health,
      () => ({ answer: { status: "ok" as const } }),
    ),
    jsonRoute(
      {
        method: "get",
        path: "/readyz",
        summary: "The process does its work; 503 with the reasons where it does not",
        statuses: { 503: "It does not do its work" },
      },
      ANSWERS.readiness,
      () => {
        const reasons = reasonsAgainst(parts);
        const ready = reasons.length === 0;
        return { status: ready ? 200 : 503, answer: { ready, reasons, states: statesOf(parts) } };
      },
    ),
  ];
}

/** The feature states that answer. */
export function statesOf({ states }: Pick<HttpParts, "states">): States {
  return states.all().map(({ partition, origin, ageS, missing }) => ({
    ...{ partition, state: origin, age_s: ageS, missing },
  }));
}

/** Why the process does not work; empty if it does. */
export function reasonsAgainst({ service, live, signal, telemetry }: HttpParts): string[] {
  const reasons = [...telemetry.notReady.values()];
  if (signal.aborted) reasons.push("the service is ending");
  if (service === "consume") {
    if (live.status === undefined) reasons.push("the stream has not been looked at yet");
    else if (live.statusAgeMs > SILENT_MS) reasons.push("the stream cannot be looked at");
    else if (!live.status.healthy) reasons.push("nothing moves while records wait");
    for (const each of live.status?.restoring ?? []) reasons.push(describeRestoring(each));
    const lost = live.status?.lost ?? 0;
    if (lost > 0) {
      reasons.push(
        `${lost} offsets were deleted from the stream before they were read; consume or verify with --accept-gaps ` +
          "accepts the loss",
      );
    }
  }
  for (const { what, ageMs, message } of telemetry.failing(FAILING_MS)) {
    reasons.push(`${what}: failing since ${new Date(Date.now() - ageMs).toISOString()}: ${message}`);
  }
  return reasons;
}

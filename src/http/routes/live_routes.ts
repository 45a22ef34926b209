import type { z } from "zod";
import { type Answer, ANSWERS, type EventData, type PlacedVerdict, serverEvent } from "./answers.ts";
import type { Caller } from "../access/guard.ts";
import type { FlaggedEvent } from "../live/flagged_feed.ts";
import type { HttpParts } from "../parts.ts";
import { reasonsAgainst, statesOf } from "./health_routes.ts";
import { Problem } from "../problem.ts";
import { type HttpRequest, jsonRoute, type Route } from "./route.ts";

/** Flagged transactions that one listener gets in a second. */
const FLAGGED_PER_S = 20;
const MAX_LISTENERS = 50;
/** Buffer of a slow listener, in bytes; further events are skipped and counted. */
const WAITING_BYTES = 65_536;
/** A listener that takes nothing for so many seconds leaves its place to others. */
const MOST_SILENT_S = 30;
const encoder = new TextEncoder();

/** `GET /v1/status` and `GET /v1/events`. */
export function liveRoutes(parts: HttpParts): Route[] {
  let listeners = 0;
  const listen = (request: HttpRequest, caller: Caller): Response => {
    if (listeners >= MAX_LISTENERS) {
      throw new Problem(503, `There are ${MAX_LISTENERS} listeners already.`, { "retry-after": "10" });
    }
    listeners++;
    const body = events(parts, caller, { lastId: request.header("last-event-id"), onEnd: () => listeners-- });
    return new Response(body, {
      headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
    });
  };
  return [
    jsonRoute(
      {
        method: "get",
        path: "/v1/status",
        scope: "read",
        summary: "The model, the numbers of this moment and of the last 10 minutes, scores and drift",
      },
      ANSWERS.status,
      () => ({ answer: statusOf(parts) }),
    ),
    {
      method: "get",
      path: "/v1/events",
      scope: "read",
      summary: "Server-sent events: status every second, and flagged transactions as they are committed",
      answer: { "text/event-stream": serverEvent },
      handle: listen,
    },
  ];
}

function statusOf(parts: HttpParts): Answer<"status"> {
  const { service, topic, judge, modelFiles, live } = parts;
  const { manifest, sha256 } = judge.model;
  return {
    service,
    topic,
    model: {
      sha256,
      features: manifest.features.map(({ name }) => name),
      threshold: manifest.threshold,
      n_estimators: manifest.nEstimators,
      max_samples: manifest.maxSamples,
      card: modelFiles.card,
    },
    now: nowOf(parts),
    history: live.history(),
    scores: live.scores(),
    drift: { features: live.drift() },
  };
}

function nowOf(parts: HttpParts): Answer<"status">["now"] {
  return { ...parts.live.now(), problems: reasonsAgainst(parts), states: statesOf(parts) };
}

/** A byte stream of events, until the listener leaves, may no longer listen or takes nothing, or the service ends. */
function events(
  parts: HttpParts,
  caller: Caller,
  { lastId, onEnd }: { lastId: string | undefined; onEnd: () => void },
) {
  const { feed, signal } = parts;
  let stop = () => {};
  return new ReadableStream<Uint8Array>({
    start(controller) {
      let left = FLAGGED_PER_S;
      let skipped: number | null = 0;
      const send = (sent: z.input<typeof serverEvent>): boolean => {
        if ((controller.desiredSize ?? 0) <= 0) return false;
        const id = "id" in sent ? `id: ${sent.id}\n` : "";
        controller.enqueue(
          encoder.encode(`${id}event: ${sent.event}\ndata: ${JSON.stringify(sent.data)}\n\n`),
        );
        return true;
      };
      const sendFlagged = (event: FlaggedEvent) => {
        if (left > 0 && send({ event: "flagged", id: event.id, data: summaryOf(event) })) left--;
        else if (skipped !== null) skipped++;
      };
      let silentS = 0;
      const sendStatus = () => {
        silentS = (controller.desiredSize ?? 0) <= 0 ? silentS + 1 : 0;
        if (!caller.isAdmitted() || silentS >= MOST_SILENT_S) return end();
        if (skipped !== 0 && send({ event: "skipped", data: { count: skipped } })) skipped = 0;
        send({ event: "status", data: { time: new Date().toISOString(), ...nowOf(parts) } });
        left = FLAGGED_PER_S;
      };
      if (lastId !== undefined) {
        const missed = feed.after(lastId);
        if (missed === undefined) skipped = null;
        else missed.forEach(sendFlagged);
      }
      const end = () => {
        stop();
        controller.close();
      };
      sendStatus();
      const listening = feed.listen(sendFlagged);
      const timer = setInterval(sendStatus, 1000);
      signal.addEventListener("abort", end, { once: true });
      stop = () => {
        stop = () => {};
        listening[Symbol.dispose]();
        clearInterval(timer);
        signal.removeEventListener("abort", end);
        onEnd();
      };
      if (signal.aborted) end();
    },
    cancel: () => stop(),
  }, new ByteLengthQueuingStrategy({ highWaterMark: WAITING_BYTES }));
}

/** The part of a verdict that a list shows. */
function summaryOf({ id, verdict }: FlaggedEvent): EventData<"flagged"> {
  const { transaction_id, customer_id, terminal_id, amount, currency, ...rest } = JSON.parse(
    verdict,
  ) as PlacedVerdict;
  const { timestamp, anomaly_score, threshold, reasons } = rest;
  return {
    ...{ id, transaction_id, customer_id, terminal_id, amount, currency },
    ...{ timestamp, anomaly_score, threshold },
    reasons: reasons.slice(0, 3),
  };
}

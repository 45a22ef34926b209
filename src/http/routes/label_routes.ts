import type { Broker } from "../../broker/broker.ts";
import { recordLabel, UnknownTransactionError } from "../../relay/labels/record_label.ts";
import { ANSWERS } from "./answers.ts";
import type { Caller } from "../access/guard.ts";
import type { Hold } from "../connections.ts";
import type { HttpParts } from "../parts.ts";
import { Problem } from "../problem.ts";
import { readBody } from "../access/read_body.ts";
import { type Answered, type HttpRequest, jsonRoute, type Route } from "./route.ts";
import { labelBody, readLabelBody } from "./requests.ts";
import { labelOf } from "./transaction_routes.ts";

/** Where labels go besides the ledger. */
export interface LabelTarget {
  broker: Broker;
  labelTopic: string;
  /** Time of the newest recent event, milliseconds since 1970; undefined if unknown. */
  eventTimeMs?(): number | undefined;
}

/** The author of an answer where nobody has a token. */
const NO_TOKENS = "anonymous (no tokens)";
const MAX_BYTES = 4096;
const BODY_TIMEOUT_MS = 10_000;
/** A stream that is away does not hold up the answer: the label is in the ledger, and is produced later. */
const DELIVER_WITHIN_MS = 2000;

/** A stream whose newest event is older than this is a replay of old data. */
const REPLAY_MS = 86_400_000;

/**
 * When a label became known. In a replay that is the time of its events: at the clock's time no transaction of the replay
 * would see it.
 */
function answeredAtMs(eventTimeMs: number | undefined, nowMs: number): number {
  return eventTimeMs !== undefined && eventTimeMs < nowMs - REPLAY_MS ? eventTimeMs : nowMs;
}

/** `POST /v1/labels`: an analyst labels a transaction. */
export function labelRoutes({ ledger, labels, topic }: HttpParts): Route[] {
  const handle = async (
    request: HttpRequest,
    caller: Caller,
    hold: Hold,
  ): Promise<Answered<typeof ANSWERS.label>> => {
    if (request.header("content-type")?.split(";")[0].trim().toLowerCase() !== "application/json") {
      throw new Problem(415, "The content type must be application/json.");
    }
    const body = await readBody(request.raw, { maxBytes: MAX_BYTES, timeoutMs: BODY_TIMEOUT_MS, hold });
    const { transaction_id: transactionId, is_fraud: isFraud, by } = readLabelBody(body);
    if (ledger === undefined || labels === undefined) {
      throw new Problem(404, "There is no ledger and no stream here, so no label can be kept.");
    }
    const author = caller.name ?? NO_TOKENS;
    try {
      const eventTimeMs = labels.eventTimeMs?.() ??
        (await ledger.queries.flagged(topic, { limit: 1 }))[0]?.timestampMs;
      const { recorded, history, undelivered } = await recordLabel(
        { ledger, ...labels },
        { transactionId, isFraud, source: "api", by: author, claimedBy: by === author ? undefined : by },
        { labelledAtMs: answeredAtMs(eventTimeMs, Date.now()), deliverWithinMs: DELIVER_WITHIN_MS },
      );
      return {
        status: recorded.length > 0 ? 201 : 200,
        answer: {
          transaction_id: transactionId,
          label: labelOf(history)!,
          in_topic: undelivered === undefined,
        },
      };
    } catch (error) {
      if (error instanceof UnknownTransactionError) {
        throw new Problem(404, "The ledger holds no transaction with this id.");
      }
      throw error;
    }
  };
  const route = {
    method: "post" as const,
    path: "/v1/labels",
    scope: "label" as const,
    summary:
      "Says what a transaction was; the newest answer is the truth, those before it stay as its history",
    bodies: { "application/json": labelBody },
    statuses: { 201: "A new answer, kept" },
    refusals: [400, 404, 408, 413, 415, 422],
  };
  return [jsonRoute(route, ANSWERS.label, handle)];
}

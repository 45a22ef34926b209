import type { RecordedLabel } from "../../ledger/labels.ts";
import type { KnownTransaction, Ledger } from "../../ledger/ledger.ts";
import type { RecentTransaction } from "../../ledger/queries.ts";
import { currencyCode, minorUnits } from "../../domain/currency.ts";
import { ANSWERS } from "./answer_schemas.ts";
import { jsonSchemaOf } from "./json_schema.ts";
import type { HttpParts } from "../parts.ts";
import { Problem } from "../problem.ts";
import { type HttpRequest, jsonResponse, type Route } from "./route.ts";

/** Transactions of a customer, and at a terminal, that a context shows. */
const RECENT = 100;

/** `GET /v1/transactions/:id`, what the ledger says of a transaction, and its `/context`. */
export function transactionRoutes({ ledger, states, topic }: HttpParts): Route[] {
  const transaction = async (request: HttpRequest): Promise<Response> => {
    const id = request.param("id") ?? "";
    const { found, matches } = await find(ledger, topic, id);
    return jsonResponse({
      transaction_id: id,
      matches: matches.map(matchOf),
      label: labelOf(await found.labels.history(id)),
    });
  };
  const context = async (request: HttpRequest): Promise<Response> => {
    const { found, matches: [{ customerId, terminalId }] } = await find(
      ledger,
      topic,
      request.param("id") ?? "",
    );
    const recent = async (which: { customerId: string } | { terminalId: string }) =>
      (await found.queries.recent(topic, which, RECENT)).map(recentOf);
    const { stage, origin } = states.of(customerId);
    return jsonResponse({
      customer: { id: customerId, recent: await recent({ customerId }) },
      terminal: {
        id: terminalId,
        recent: await recent({ terminalId }),
        labels: await found.queries.labelsAt(terminalId),
      },
      state: origin === "cold" ? null : stage.features.excerpt(customerId, terminalId).toBase64(),
    });
  };
  return [
    {
      method: "get",
      path: "/v1/transactions/:id",
      scope: "read",
      summary: "What the ledger says of a transaction: verdict, log, labels",
      answer: { "application/json": jsonSchemaOf(ANSWERS.transaction) },
      refusals: [404],
      handle: transaction,
    },
    {
      method: "get",
      path: "/v1/transactions/:id/context",
      scope: "read",
      summary: "What its customer and its terminal did lately, and their feature state",
      answer: { "application/json": jsonSchemaOf(ANSWERS.context) },
      refusals: [404],
      handle: context,
    },
  ];
}

/** One label as answers have it. */
export interface LabelText {
  /** Whether it was a fraud. */
  is_fraud: boolean;
  /** When it became known, RFC 3339. */
  labelled_at: string;
  /** Who said so, or null. */
  by: string | null;
}

/** What an answer says of a transaction's label, the newest of its history; null without one. */
export function labelOf(history: readonly RecordedLabel[]): LabelText & { history: LabelText[] } | null {
  const newest = history.at(-1);
  if (newest === undefined) return null;
  const wire = ({ isFraud, labelledAtMs, labelledBy }: RecordedLabel): LabelText => ({
    is_fraud: isFraud,
    labelled_at: new Date(labelledAtMs).toISOString(),
    by: labelledBy,
  });
  return { ...wire(newest), history: history.map(wire) };
}

async function find(ledger: Ledger | undefined, topic: string, id: string) {
  if (ledger === undefined) throw new Problem(404, "There is no ledger here, so nothing is kept.");
  const matches = (await ledger.find(id)).filter((each) => each.topic === topic);
  if (matches.length === 0) throw new Problem(404, "The ledger holds no transaction with this id.");
  return { found: ledger, matches };
}

function matchOf(
  { topic, partition, offset, verdict, logged, anomalyScore, flagged, ...known }: KnownTransaction,
) {
  return {
    id: `${topic}/${partition}/${offset}`,
    verdict: verdict === null ? null : JSON.parse(verdict),
    log: logged
      ? {
        customer_id: known.customerId,
        terminal_id: known.terminalId,
        amount: amountOf(known),
        currency: known.currency,
        timestamp: new Date(known.timestampMs).toISOString(),
        anomaly_score: anomalyScore,
        flagged,
      }
      : null,
  };
}

function recentOf({ transactionId, timestampMs, anomalyScore, flagged, ...recent }: RecentTransaction) {
  return {
    transaction_id: transactionId,
    timestamp: new Date(timestampMs).toISOString(),
    amount: amountOf(recent),
    currency: recent.currency,
    anomaly_score: anomalyScore,
    flagged,
  };
}

function amountOf({ amountMinor, currency }: { amountMinor: number; currency: string | null }): number {
  return amountMinor / minorUnits(currencyCode(currency ?? undefined));
}

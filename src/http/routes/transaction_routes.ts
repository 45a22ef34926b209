import type { LabelHistory } from "../../ledger/labels.ts";
import type { KnownTransaction } from "../../ledger/ledger.ts";
import type { AskedLedger } from "../ledger_gate.ts";
import type { RecentTransaction } from "../../ledger/queries.ts";
import { MOST_SHOWN } from "../../relay/labels/record_label.ts";
import { currencyCode, minorUnits } from "../../domain/currency.ts";
import { parseJson } from "../../runtime/json.ts";
import { type Answer, ANSWERS, type PlacedVerdict } from "./answers.ts";
import type { HttpParts } from "../parts.ts";
import { Problem } from "../problem.ts";
import { jsonRoute, type Route } from "./route.ts";

/** Number of transactions of a customer, and of a terminal, in a context. */
const RECENT = 100;

/** Of records with one id, those in an answer. */
const MOST_MATCHES = 100;

/** `GET /v1/transactions/:id`, what the ledger says of a transaction, and its `/context`. */
export function transactionRoutes({ ledger, states, topic }: HttpParts): Route[] {
  const transaction = {
    method: "get" as const,
    path: "/v1/transactions/:id",
    scope: "read" as const,
    summary: "What the ledger says of a transaction: verdict, log, labels",
    refusals: [404],
  };
  const context = {
    ...transaction,
    path: "/v1/transactions/:id/context",
    summary: "The latest transactions of its customer and its terminal, and their feature state",
  };
  return [
    jsonRoute(transaction, ANSWERS.transaction, async (request) => {
      const id = request.param("id") ?? "";
      const { found, matches } = await find(ledger, topic, id);
      const label = labelOf(await found.labels.history(id, MOST_SHOWN));
      const shown = matches.slice(-MOST_MATCHES).filter(({ flagged, verdict }) =>
        !flagged || verdict !== null
      );
      return {
        answer: {
          transaction_id: id,
          matches: shown.map(matchOf),
          matches_total: matches.length,
          label,
        },
      };
    }),
    jsonRoute(context, ANSWERS.context, async (request) => {
      const id = request.param("id") ?? "";
      const { found, matches: [{ customerId, terminalId }] } = await find(ledger, topic, id);
      const recent = async (which: { customerId: string } | { terminalId: string }) =>
        (await found.queries.recent(topic, which, RECENT)).map(recentOf);
      const { stage, origin } = states.of(customerId);
      return {
        answer: {
          customer: { id: customerId, recent: await recent({ customerId }) },
          terminal: {
            id: terminalId,
            recent: await recent({ terminalId }),
            labels: await found.queries.labelsAt(terminalId),
          },
          state: origin === "cold" ? null : stage.features.excerpt(customerId, terminalId).toBase64(),
        },
      };
    }),
  ];
}

/** The label that holds, with the history; null if it is empty. */
export function labelOf({ labels, total }: LabelHistory): Answer<"transaction">["label"] {
  const history = labels.map((label) => ({
    is_fraud: label.isFraud,
    labelled_at: new Date(label.labelledAtMs).toISOString(),
    decided_at: label.decidedAtMs === null ? null : new Date(label.decidedAtMs).toISOString(),
    by: label.labelledBy,
    source: label.source,
    claimed_by: label.claimedBy,
    repeats: label.repeats,
  }));
  const newest = history.findLast(({ repeats }) => !repeats);
  return newest === undefined ? null : { ...newest, history, history_total: total };
}

async function find(ledger: AskedLedger | undefined, topic: string, id: string) {
  if (ledger === undefined) throw new Problem(404, "There is no ledger here, so nothing is kept.");
  const matches = (await ledger.find(id)).filter((each) => each.topic === topic);
  if (matches.length === 0) throw new Problem(404, "The ledger holds no transaction with this id.");
  return { found: ledger, matches };
}

function matchOf(
  { topic, partition, offset, verdict, logged, anomalyScore, flagged, ...known }: KnownTransaction,
): Answer<"transaction">["matches"][number] {
  return {
    id: `${topic}/${partition}/${offset}`,
    verdict: verdict === null ? null : parseJson(verdict) as PlacedVerdict,
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

function recentOf(
  { transactionId, timestampMs, anomalyScore, flagged, ...recent }: RecentTransaction,
): Answer<"context">["customer"]["recent"][number] {
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

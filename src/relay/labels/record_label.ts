/**
 * What becomes of an analyst's answer, from the command line or over HTTP.
 *
 * @module
 */
import { DeliveryError } from "../../runtime/delivery_error.ts";
import type { GivenLabel, LabelHistory, LabelSource, RecordedLabel } from "../../ledger/labels.ts";
import type { Broker } from "../../broker/broker.ts";
import type { KnownTransaction, Ledger } from "../../ledger/ledger.ts";

/** Where labels are kept, and where they go. */
export interface LabelParts {
  ledger: Pick<Ledger, "find" | "labels" | "name">;
  broker: Pick<Broker, "ensureTopic" | "produce" | "name">;
  /** Created if it is absent. */
  labelTopic: string;
}

/** An analyst's answer. */
export interface Answer {
  transactionId: string;
  isFraud: boolean;
  /** How it came. */
  source: LabelSource;
  /** Who gives the answer, 1 to 128 characters. */
  by?: string;
  /** Whom the caller names as the author, where that is another one. */
  claimedBy?: string;
}

/** How an answer is recorded. */
export interface RecordLabelOptions {
  /**
   * When it became known, milliseconds since 1970; the clock's time unless told. Transactions see it from then on, by
   * their own event time; it counts as no earlier than the transaction and than an answer that it replaces.
   */
  labelledAtMs?: number;
  /** How long to wait for the stream to take the label (default: as long as the stream itself waits). */
  deliverWithinMs?: number;
}

/** What became of an answer. */
export interface LabelResult {
  /** The transactions with the id that the ledger holds; more than one where the stream used an id twice. */
  matches: KnownTransaction[];
  /** What this answer changed; empty where it says what was known already, which the history alone shows. */
  recorded: RecordedLabel[];
  /** The newest of what was said of these transactions, the newest last. */
  history: LabelHistory;
  /** Labels put to the label topic by this call, those that earlier calls had left included. */
  produced: number;
  /** Why labels are recorded and not in the label topic yet; the next call puts them there. */
  undelivered?: DeliveryError;
}

/** No transaction of that name: the ledger never scored it, or kept neither a log row nor a flagged row of it. */
export class UnknownTransactionError extends Error {
  /** Tells it from other errors in a log. */
  override readonly name = "UnknownTransactionError";
}

/** Of a history, the labels that people see. */
export const MOST_SHOWN = 20;
const MOST_NAME = 128;
const PAGE = 500;

/**
 * Records an analyst's answer: in the ledger, and from there in the label topic, where features learn of it.
 *
 * The newest answer is the truth, older ones are its history; the same answer again is history alone. A label is in the ledger
 * before it is produced, and each call first of all delivers what an earlier one could not, so none is lost wherever a
 * process dies. A verdict that was given stays as it is.
 *
 * @throws UnknownTransactionError where the ledger holds no such transaction; RangeError for a name or a time out of range;
 * DeliveryError where the ledger cannot be reached.
 *
 * @example
 * ```ts
 * import { assertRejects } from "../../testing/assert.ts";
 * import { openSqliteBroker } from "../../broker/sqlite/broker.ts";
 * import { openSqliteLedger } from "../../ledger/sqlite/ledger.ts";
 * import { recordLabel, UnknownTransactionError } from "./record_label.ts";
 *
 * const folder = Deno.makeTempDirSync();
 * await using broker = openSqliteBroker(`${folder}/stream.db`);
 * await using ledger = openSqliteLedger(`${folder}/ledger.db`);
 * await assertRejects(
 *   () => recordLabel({ ledger, broker, labelTopic: "labels" }, { transactionId: "1-55", isFraud: true, source: "command" }),
 *   UnknownTransactionError,
 * );
 * ```
 */
export async function recordLabel(
  parts: LabelParts,
  answer: Answer,
  options: RecordLabelOptions = {},
): Promise<LabelResult> {
  const { ledger } = parts;
  const { transactionId, by } = answer;
  if (by !== undefined && (by.length < 1 || by.length > MOST_NAME || /\p{Cc}/u.test(by))) {
    throw new RangeError(
      `Cannot record a label as the name of who gave it must have 1 to ${MOST_NAME} characters, none of them a control ` +
        `character: current value is ${JSON.stringify(by.slice(0, MOST_NAME))}`,
    );
  }
  const matches = await ledger.find(transactionId);
  if (matches.length === 0) {
    throw new UnknownTransactionError(
      `Cannot label the transaction ${transactionId} as ${ledger.name} must hold it in its log or among the flagged ones: ` +
        "it holds none of that id (consume --log all logs every transaction)",
    );
  }
  const added = await ledger.labels.add(labelsOf(matches, answer, parts.labelTopic, options));
  let produced = 0;
  let undelivered: DeliveryError | undefined;
  try {
    produced = await within(deliverLabels(parts), options.deliverWithinMs);
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error;
    undelivered = error;
  }
  const recorded = added.filter(({ repeats }) => !repeats);
  const history = await ledger.labels.history(transactionId, MOST_SHOWN);
  return { matches, recorded, history, produced, undelivered };
}

/** The result, or a DeliveryError where it takes too long; the work goes on, and what is left undone the next call does. */
async function within<T>(work: Promise<T>, ms: number | undefined): Promise<T> {
  if (ms === undefined) return await work;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new DeliveryError(`The stream did not take the label within ${ms} ms`, { retriable: true });
    timer = setTimeout(() => reject(error), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** One label for each transaction, not for each record of it. */
function labelsOf(
  matches: readonly KnownTransaction[],
  { isFraud, source, by, claimedBy }: Answer,
  topic: string,
  { labelledAtMs }: RecordLabelOptions,
): GivenLabel[] {
  const decidedAtMs = Date.now();
  const labels = new Map<string, GivenLabel>();
  for (const { transactionId, customerId, terminalId, timestampMs, verdict } of matches) {
    const key = JSON.stringify([customerId, terminalId, timestampMs]);
    // Of a record that came twice the features took in the first.
    if (labels.has(key)) continue;
    labels.set(key, {
      topic,
      transactionId,
      customerId,
      terminalId,
      timestampMs,
      z: zOf(verdict),
      isFraud,
      labelledAtMs: Math.max(labelledAtMs ?? decidedAtMs, timestampMs),
      labelledBy: by ?? null,
      claimedBy: claimedBy ?? null,
      ...{ decidedAtMs, source },
    });
  }
  return [...labels.values()];
}

/** The customer's z at the transaction, as its verdict tells it; null where it does not. */
function zOf(verdict: string | null): number | null {
  if (verdict === null) return null;
  const { reasons = [] }: { reasons?: { feature: string; value: unknown }[] } = JSON.parse(verdict);
  const z = reasons.find(({ feature }) => feature === "z")?.value;
  return typeof z === "number" ? z : null;
}

/**
 * Produces the labels that the ledger holds and the label topic may lack, in the order of their recording.
 *
 * A label is marked after it was produced. If its producer dies between the two, it is produced twice; features count it
 * once.
 *
 * @param leastAgeMs Leaves younger ones, which another process is about to produce.
 * @returns Number of labels produced.
 * @throws DeliveryError if the stream accepts none now; the labels stay pending.
 */
export async function deliverLabels(
  { ledger, broker, labelTopic }: LabelParts,
  leastAgeMs = 0,
): Promise<number> {
  let produced = 0;
  for (;;) {
    const latestMs = Date.now() - leastAgeMs;
    const pending = (await ledger.labels.pending(labelTopic, PAGE)).filter(({ decidedAtMs }) =>
      leastAgeMs === 0 || (decidedAtMs ?? 0) <= latestMs
    );
    if (pending.length === 0) return produced;
    if (produced === 0) await broker.ensureTopic(labelTopic);
    await broker.produce(
      labelTopic,
      pending.map((label) => ({
        key: label.customerId,
        value: encodeLabel(label),
        // In a stream of future events the clock's time would be too far before the label's.
        timestampMs: Math.max(Date.now(), label.labelledAtMs),
      })),
    );
    await ledger.labels.markProduced(pending.map(({ labelId }) => labelId));
    produced += pending.length;
  }
}

/**
 * The wire form of a label: one JSON object as `decodeLabel` reads it, with the customer's z if it is known.
 *
 * Who gave the label stays in the ledger.
 */
function encodeLabel(label: GivenLabel): string {
  return JSON.stringify({
    transaction_id: label.transactionId,
    customer_id: label.customerId,
    terminal_id: label.terminalId,
    timestamp: new Date(label.timestampMs).toISOString(),
    is_fraud: label.isFraud,
    labelled_at: new Date(label.labelledAtMs).toISOString(),
    z: label.z ?? undefined,
  });
}

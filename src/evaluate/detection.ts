/**
 * How good the catch was: flagged transactions in the ledger against labels in the stream.
 *
 * @module
 */
import type { Broker } from "../broker/broker.ts";
import { valueOf } from "../broker/record_batch.ts";
import type { Ledger } from "../ledger/ledger.ts";

/** Frauds of one kind, and how many of them were flagged. */
export interface ScenarioCatch {
  /** The label's own scenario number. */
  scenario: number;
  /** Transactions that the labels call frauds of this kind. */
  frauds: number;
  /** Those of them that were flagged. */
  caught: number;
}

/** The catch over all labelled transactions. */
export interface Detection {
  /** Labelled transactions. */
  labelled: number;
  /** Labelled transactions that are frauds by their last label. */
  frauds: number;
  /** Flagged transactions that have a label. */
  flagged: number;
  /** Flagged frauds. */
  caught: number;
  /** Share of the flagged ones that are frauds, in [0, 1]; NaN where none is flagged. */
  precision: number;
  /** Share of the frauds that are flagged, in [0, 1]; NaN where there is none. */
  recall: number;
  /** By scenario, where the labels name one. */
  scenarios: ScenarioCatch[];
}

/**
 * Compares what the ledger flagged with every label that the stream holds, however late it came.
 *
 * A transaction with several labels counts with its last one.
 */
export async function measureDetection(
  broker: Broker,
  ledger: Ledger,
  options: { topic: string; labelTopic: string },
): Promise<Detection> {
  const flagged = await flaggedIds(broker, ledger, options.topic);
  const labels = await readLabels(broker, options.labelTopic);
  const scenarios = new Map<number, ScenarioCatch>();
  const result = { labelled: labels.size, frauds: 0, flagged: 0, caught: 0 };
  for (const [id, { isFraud, scenario }] of labels) {
    const isFlagged = flagged.has(id);
    if (isFlagged) result.flagged++;
    if (!isFraud) continue;
    result.frauds++;
    if (isFlagged) result.caught++;
    if (scenario === undefined) continue;
    const known = scenarios.get(scenario) ?? { scenario, frauds: 0, caught: 0 };
    known.frauds++;
    known.caught += Number(isFlagged);
    scenarios.set(scenario, known);
  }
  return {
    ...result,
    precision: result.caught / result.flagged,
    recall: result.caught / result.frauds,
    scenarios: [...scenarios.values()].sort((a, b) => a.scenario - b.scenario),
  };
}

async function flaggedIds(broker: Broker, ledger: Ledger, topic: string): Promise<Set<string>> {
  const ids = new Set<string>();
  for (let partition = 0; partition < await broker.partitions(topic); partition++) {
    for (let after = -1;;) {
      const rows = await ledger.flaggedAfter(topic, partition, after, 5000);
      if (rows.length === 0) break;
      for (const { transactionId } of rows) ids.add(transactionId);
      after = rows[rows.length - 1].offset;
    }
  }
  return ids;
}

async function readLabels(
  broker: Broker,
  topic: string,
): Promise<Map<string, { isFraud: boolean; scenario?: number }>> {
  const labels = new Map<string, { isFraud: boolean; scenario?: number }>();
  for (let partition = 0; partition < await broker.partitions(topic); partition++) {
    for await (const batch of broker.read(topic, partition, { fromOffset: 0 })) {
      for (let i = 0; i < batch.count; i++) {
        const label = JSON.parse(decoder.decode(valueOf(batch, i) ?? undefined));
        labels.set(String(label.transaction_id), {
          isFraud: label.is_fraud === true || label.is_fraud === 1,
          scenario: label.scenario,
        });
      }
    }
  }
  return labels;
}

const decoder = new TextDecoder();

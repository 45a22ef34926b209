/**
 * How good the catch was: flagged transactions against what is known of them.
 *
 * @module
 */
import type { Broker } from "../broker/broker.ts";
import { valueOf } from "../broker/record_batch.ts";
import type { Model } from "../forest/manifest.ts";
import { numberOf, parseJson, wholeDigits } from "../runtime/json.ts";
import { Judge } from "../pipeline/judge.ts";
import { allFlagged } from "../ledger/all_flagged.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { ReplayedEvent } from "../simulate/events/event.ts";
import { openFeatureStage } from "../features/stage.ts";
import { eventBatches } from "../training/rows/event_rows.ts";

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
  labelled: number;
  /** Labelled transactions that are frauds by their last label. */
  frauds: number;
  /** Flagged transactions that have a label. */
  flagged: number;
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
  const tally = new DetectionTally();
  for (const [id, { isFraud, scenario }] of labels) tally.add(flagged.has(id), isFraud, scenario);
  return tally.detection();
}

/**
 * What a model of transactions makes of events, through decoder, features and scorer, against the truth that they tell.
 *
 * @param events Transactions and labels in the order they become known.
 * @param model Its features see the labels that came before each transaction.
 */
export async function detectEvents(events: Iterable<ReplayedEvent>, model: Model): Promise<Detection> {
  using judge = await Judge.open(model);
  const stage = openFeatureStage(model.manifest);
  const tally = new DetectionTally();
  for await (const batch of eventBatches(events, (label) => stage.features.offer(label))) {
    const { count, recordIndex } = batch.columns;
    const { scores } = judge.assess(batch.columns, stage);
    for (let row = 0; row < count; row++) {
      const { isFraud, scenario } = batch.events[recordIndex[row]];
      if (isFraud !== null) tally.add(scores[row] > model.manifest.threshold, isFraud, scenario || undefined);
    }
  }
  return tally.detection();
}

async function flaggedIds(broker: Broker, ledger: Ledger, topic: string): Promise<Set<string>> {
  const ids = new Set<string>();
  for (let partition = 0; partition < await broker.partitions(topic); partition++) {
    for await (const { transactionId } of allFlagged(ledger, topic, partition)) ids.add(transactionId);
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
        const label = parseJson(decoder.decode(valueOf(batch, i) ?? undefined)) as Record<string, unknown>;
        labels.set(wholeDigits(label.transaction_id) ?? String(label.transaction_id), {
          isFraud: label.is_fraud === true || numberOf(label.is_fraud) === 1,
          scenario: numberOf(label.scenario),
        });
      }
    }
  }
  return labels;
}

const decoder = new TextDecoder();

class DetectionTally {
  readonly #scenarios = new Map<number, ScenarioCatch>();
  #labelled = 0;
  #frauds = 0;
  #flagged = 0;
  #caught = 0;

  add(isFlagged: boolean, isFraud: boolean, scenario: number | undefined): void {
    this.#labelled++;
    this.#flagged += Number(isFlagged);
    if (!isFraud) return;
    this.#frauds++;
    this.#caught += Number(isFlagged);
    if (scenario === undefined) return;
    const known = this.#scenarios.get(scenario) ?? { scenario, frauds: 0, caught: 0 };
    known.frauds++;
    known.caught += Number(isFlagged);
    this.#scenarios.set(scenario, known);
  }

  detection(): Detection {
    const [labelled, frauds, flagged, caught] = [this.#labelled, this.#frauds, this.#flagged, this.#caught];
    const scenarios = [...this.#scenarios.values()].sort((a, b) => a.scenario - b.scenario);
    return {
      labelled,
      frauds,
      flagged,
      caught,
      precision: caught / flagged,
      recall: caught / frauds,
      scenarios,
    };
  }
}

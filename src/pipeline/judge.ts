import type { RecordBatch } from "../broker/broker.ts";
import type { DecodedBatch } from "../decode/decode.ts";
import { type Decoder, type DecoderOptions, openDecoder } from "../decode/wasm.ts";
import type { TransactionColumns } from "../domain/transaction.ts";
import type { Reason, Verdict } from "../domain/verdict.ts";
import { featureRegistry } from "../features/registry.ts";
import type { FeatureRows, FeatureStage } from "../features/stage.ts";
import { createExplainer, type Explainer } from "../forest/explain.ts";
import type { Model } from "../forest/manifest.ts";
import { createScorer, type Scorer } from "../forest/scorer/scorer.ts";
import { type Arrays, newArrays } from "../runtime/array_pool.ts";

/** How transactions are assessed. */
export interface AssessOptions {
  /** Leave the feature state as it is (default: take the transactions into it). */
  peek?: boolean;
  /** Rows that get a verdict (default: none). */
  verdicts?: "none" | "flagged" | "all";
  /** What the verdicts say of when they were made, milliseconds since 1970 (default: now). */
  scoredAtMs?: number;
  /** Makes the arrays of features (default: new ones). */
  arrays?: Arrays;
  /** Makes the array of scores (default: a new one). */
  scoreArrays?: Arrays;
}

/** Transactions with what the model says of them. */
export interface Assessment {
  features: FeatureRows;
  /** One a row, in (0, 1], higher is more anomalous. */
  scores: Float64Array;
  /** The verdicts that were asked for, rows rising. */
  decided: { row: number; verdict: Verdict }[];
}

/**
 * The way from bytes to verdicts, once for all who take it: decode, features, score, decide.
 *
 * Stream, HTTP, the page's what-if and evaluation call `decode` and then `assess`. Between the two the caller offers labels
 * to the feature stage, or chooses which state sees which row.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { decodeBody, encodeBody } from "../broker/record_batch.ts";
 * import { openFeatureStage } from "../features/stage.ts";
 * import { loadModel } from "../forest/load.ts";
 * import { Judge } from "./judge.ts";
 *
 * using judge = await Judge.open(await loadModel("model"));
 * const json = `{"transaction_id":"t1","customer_id":"c1","terminal_id":"m1","amount":12.5,"timestamp":"2026-01-02T03:04:05Z"}`;
 * const { columns } = judge.decode(decodeBody("t", 0, 0, encodeBody([{ key: null, value: json }], 0)));
 * const stage = openFeatureStage(judge.model.manifest);
 * const { scores, decided } = judge.assess(columns, stage, { verdicts: "all" });
 * assertEquals([scores.length, decided[0].verdict.transaction.transactionId], [1, "t1"]);
 * ```
 */
export class Judge implements Disposable {
  readonly model: Model;
  readonly decoder: Decoder;
  readonly #scorer: Scorer;
  readonly #explainer: Explainer;

  private constructor(model: Model, decoder: Decoder, scorer: Scorer) {
    this.model = model;
    this.decoder = decoder;
    this.#scorer = scorer;
    this.#explainer = createExplainer(model.forest);
  }

  /**
   * Opens decoder, scorer and explainer for a model, each with memory of its own.
   *
   * @throws RangeError if the forest is damaged; Error if the module is not built.
   */
  static async open(model: Model, options: DecoderOptions = {}): Promise<Judge> {
    const decoder = await openDecoder(options);
    return new Judge(model, decoder, await createScorer(model.forest, options));
  }

  /**
   * Decodes every record of a batch; each one is either a row of the columns or a fault.
   *
   * @param arrays Makes the columns (default: new ones).
   */
  decode(batch: RecordBatch, arrays?: Arrays): DecodedBatch {
    return this.decoder.decodeBatch(batch, arrays);
  }

  /**
   * Computes features, scores them, and decides.
   *
   * @param stage Feature state that the transactions meet; they move it on, in row order, unless `peek` is set.
   */
  assess(
    columns: TransactionColumns,
    stage: FeatureStage,
    { peek, verdicts = "none", scoredAtMs, arrays = newArrays, scoreArrays = newArrays }: AssessOptions = {},
  ): Assessment {
    const { count } = columns;
    const features = peek ? stage.peek(columns) : stage.apply(columns, arrays);
    const scores = this.#scorer.score(features.rows, count, scoreArrays.float64("scores", count));
    const decided: Assessment["decided"] = [];
    if (verdicts !== "none") {
      const { threshold } = this.model.manifest;
      const atMs = scoredAtMs ?? Date.now();
      for (let row = 0; row < count; row++) {
        if (verdicts === "flagged" && !(scores[row] > threshold)) continue;
        decided.push({ row, verdict: this.#verdict(columns, features, scores, row, atMs) });
      }
    }
    return { features, scores, decided };
  }

  /** Lets go of the scorer's memory. */
  [Symbol.dispose](): void {
    this.#scorer[Symbol.dispose]();
  }

  #verdict(
    columns: TransactionColumns,
    features: FeatureRows,
    scores: Float64Array,
    row: number,
    scoredAtMs: number,
  ): Verdict {
    const { manifest, sha256 } = this.model;
    const transaction = columns.transaction(row);
    return {
      transaction,
      anomalyScore: scores[row],
      threshold: manifest.threshold,
      flagged: scores[row] > manifest.threshold,
      model: sha256,
      reasons: this.#reasons(features, row, transaction.currency),
      scoredAtMs,
    };
  }

  #reasons({ raw, rows }: FeatureRows, row: number, currency?: string): Reason[] {
    const { features } = this.model.manifest;
    const from = row * features.length;
    const { contributions } = this.#explainer.explain(rows.subarray(from, from + features.length));
    return features
      .map(({ name }, i) => ({
        feature: name,
        value: raw[from + i],
        contribution: contributions[i],
        text: featureRegistry.get(name)?.sentence(raw[from + i], currency) ?? `${name} is ${raw[from + i]}`,
      }))
      .sort((a, b) => a.contribution - b.contribution);
  }
}

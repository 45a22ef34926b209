/// <reference lib="dom" />
import { decodeBody, encodeBody } from "../broker/record_batch.ts";
import { decodeForest } from "../forest/binary.ts";
import { createExplainer, type Explainer } from "../forest/explain.ts";
import type { Manifest, Model } from "../forest/manifest.ts";
import { createScorer, type Scorer } from "../forest/scorer/scorer.ts";
import { decide } from "../pipeline/decide.ts";
import { decodeBatch } from "../decode/decode.ts";
import { openFeatureStage } from "../features/stage.ts";
import { scoreRows } from "../pipeline/score.ts";
import { encodeVerdict } from "../domain/verdict.ts";
import { ask } from "./ask.ts";
import type { Judged, TransactionText } from "../http/routes/answers.ts";

/** Scores transactions in the page, by the stages and the WebAssembly module that the stream is scored with. */
export interface WhatIf {
  /** Anomaly scores in (0, 1], one a transaction; throws TransactionError where one is none. */
  scores(transactions: readonly TransactionText[]): Float64Array;
  /** The whole verdict on one transaction, reasons included. */
  judge(transaction: TransactionText): Judged;
}

/** The live model, loaded once for all transactions. */
interface LoadedModel {
  model: Model;
  scorer: Scorer;
  explainer: Explainer;
}

let loaded: { sha256: string; parts: Promise<LoadedModel> } | undefined;

/**
 * Opens a what-if for one customer and one terminal; what it scores changes no state.
 *
 * @param sha256 Of the live model, as the status names it.
 * @param state Feature state of that customer and that terminal, as the context gives it.
 * @throws RequestError where the model cannot be had; RangeError where model or state are damaged.
 */
export async function openWhatIf(sha256: string, state: Uint8Array): Promise<WhatIf> {
  if (loaded?.sha256 !== sha256) loaded = { sha256, parts: loadLiveModel(sha256) };
  const opening = loaded;
  const { model, scorer, explainer } = await opening.parts.catch((error) => {
    if (loaded === opening) loaded = undefined; // it may be had the next time
    throw error;
  });
  const stage = openFeatureStage(model.manifest);
  stage.features.restore(state);

  function rowsOf(transactions: readonly TransactionText[]) {
    const records = transactions.map((transaction) => ({ key: null, value: JSON.stringify(transaction) }));
    const batch = decodeBody("what-if", 0, 0, encodeBody(records, 0));
    const { columns, faults } = decodeBatch(batch);
    if (faults.length > 0) throw faults[0].error;
    const rows = stage.peek(columns);
    return { batch, columns, rows, scores: scoreRows(scorer, rows, columns.count) };
  }

  return {
    scores: (transactions) => rowsOf(transactions).scores,
    judge(transaction) {
      const { batch, columns, rows, scores } = rowsOf([transaction]);
      const [{ verdict }] = decide(columns, scores, rows, {
        model,
        explainer,
        topic: batch.topic,
        partition: batch.partition,
        offsets: batch.offsets,
        scoredAtMs: Date.now(),
        every: true,
      });
      return JSON.parse(encodeVerdict(verdict));
    },
  };
}

async function loadLiveModel(sha256: string): Promise<LoadedModel> {
  const [manifest, forest, wasm] = await Promise.all([
    ask("/v1/model").then((response) => response.json() as Promise<Manifest>),
    ask("/v1/model/forest.bin").then((response) => response.bytes()).then(decodeForest),
    ask("/assets/edgewood.wasm").then((response) => response.arrayBuffer()),
  ]);
  return {
    model: { manifest, forest, sha256 },
    scorer: await createScorer(forest, { wasm }),
    explainer: createExplainer(forest),
  };
}

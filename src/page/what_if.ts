/// <reference lib="dom" />
import { decodeBody, encodeBody } from "../broker/record_batch.ts";
import { encodeVerdict } from "../domain/verdict.ts";
import { openFeatureStage } from "../features/stage.ts";
import { decodeForest } from "../forest/binary.ts";
import type { Manifest } from "../forest/manifest.ts";
import { Judge } from "../pipeline/judge.ts";
import { ask } from "./ask.ts";
import type { Judged, TransactionText } from "../http/routes/answers.ts";

/** Scores transactions in the page, by the judge and the WebAssembly module that the stream uses. */
export interface WhatIf {
  /** Anomaly scores in (0, 1], one a transaction; throws TransactionError for one that is not valid. */
  scores(transactions: readonly TransactionText[]): Float64Array;
  /** The whole verdict on one transaction, reasons included. */
  judge(transaction: TransactionText): Judged;
}

/** The judge of the live model, opened once for all transactions. */
let opened: { sha256: string; judge: Promise<Judge> } | undefined;

/**
 * Opens a what-if for one customer and one terminal; what it scores changes no state.
 *
 * @param sha256 Of the live model, as the status names it.
 * @param state Feature state of that customer and that terminal, as the context gives it.
 * @throws RequestError if the model cannot be fetched; RangeError if model or state are damaged.
 */
export async function openWhatIf(sha256: string, state: Uint8Array): Promise<WhatIf> {
  if (opened?.sha256 !== sha256) opened = { sha256, judge: openLiveJudge(sha256) };
  const opening = opened;
  const judge = await opening.judge.catch((error) => {
    if (opened === opening) opened = undefined; // the next attempt may succeed
    throw error;
  });
  const stage = openFeatureStage(judge.model.manifest);
  stage.features.restore(state);

  function assess(transactions: readonly TransactionText[], verdicts: "none" | "all") {
    const records = transactions.map((transaction) => ({ key: null, value: JSON.stringify(transaction) }));
    const { columns, faults } = judge.decode(decodeBody("what-if", 0, 0, encodeBody(records, 0)));
    if (faults.length > 0) throw faults[0].error;
    return judge.assess(columns, stage, { peek: true, verdicts });
  }

  return {
    scores: (transactions) => assess(transactions, "none").scores,
    judge: (transaction) => JSON.parse(encodeVerdict(assess([transaction], "all").decided[0].verdict, null)),
  };
}

async function openLiveJudge(sha256: string): Promise<Judge> {
  const [manifest, forest, wasm] = await Promise.all([
    ask("/v1/model").then((response) => response.json() as Promise<Manifest>),
    ask("/v1/model/forest.bin").then((response) => response.bytes()).then(decodeForest),
    ask("/assets/edgewood.wasm").then((response) => response.arrayBuffer()),
  ]);
  return await Judge.open({ manifest, forest, sha256 }, { wasm });
}

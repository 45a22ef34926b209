import { cardPrecision } from "./card_precision.ts";
import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "../testing/assert.ts";
import { compareWithLabels } from "./expectation.ts";
import type { Expectation } from "../forest/manifest.ts";
import { Random } from "./random.ts";
import { createScorer } from "../forest/scorer/scorer.ts";
import { flagThreshold } from "./threshold.ts";
import { trainForest } from "./train.ts";
import { trainModel, type TrainModelOptions } from "./train_model.ts";
import { type RowBatch, UNKNOWN_LABEL } from "./train_stream.ts";

const DAY_MS = 86_400_000;
const A_DAY = 200;
const OPTIONS: TrainModelOptions = {
  kind: "table",
  features: [{ name: "a" }, { name: "b" }],
  contamination: 0.02,
};

type DayRows = Required<Omit<RowBatch, "amounts">>;

/** Rows of some days, 200 a day by 50 cards, one in fifty a fraud that lies apart. */
function rowsOf(days: number): DayRows {
  const random = new Random(3);
  const count = days * A_DAY;
  const labels = Uint8Array.from({ length: count }, (_, i) => Number(i % 47 === 7));
  return {
    count,
    labels,
    rows: Float32Array.from(
      { length: 2 * count },
      (_, i) => random.float() + labels[i >> 1] * random.float() * 2,
    ),
    timestampsMs: Float64Array.from({ length: count }, (_, i) => 1.6e12 + (i + 1) * DAY_MS / A_DAY),
    cardKeys: Uint32Array.from({ length: 2 * count }, (_, i) => i % 2 === 0 ? (i >> 1) * 7 % 50 : 9),
  };
}

async function trained(batch: RowBatch, options: Partial<TrainModelOptions> = {}) {
  async function* batches() {
    yield await Promise.resolve(batch);
  }
  return (await trainModel(batches(), { ...OPTIONS, ...options })).manifest.training!;
}

/** The same figures from the parts, cut by row number. */
async function byHand(
  batch: DayRows,
  from: number,
  to: number,
): Promise<Expectation & { cardPrecision100: number }> {
  const train = batch.rows.slice(0, 2 * from);
  using scorer = await createScorer(trainForest({ rows: train, nFeatures: 2 }));
  const threshold = flagThreshold(scorer.score(train), { contamination: 0.02 });
  const scores = scorer.score(batch.rows.slice(2 * from, 2 * to));
  const labels = batch.labels.slice(from, to);
  const transactions = {
    day: Int32Array.from(labels, (_, i) => Math.floor(i / A_DAY)),
    card: Int32Array.from(labels, (_, i) => (from + i) * 7 % 50),
    isFraud: labels,
  };
  return {
    ...compareWithLabels(scores, labels, threshold)!,
    cardPrecision100: cardPrecision(transactions, scores, 100).mean,
  };
}

Deno.test("trainModel() holds out the last days, and says what a forest of the days before makes of them", async () => {
  const batch = rowsOf(12);
  const { heldOut, notKnown, expectation } = await trained(batch);
  const expected = await byHand(batch, 8 * A_DAY, 12 * A_DAY);
  assert(expected.recall > 0.3 && expected.cardPrecision100 > 0, JSON.stringify(expected));
  const { after, days, trainedRows, flaggedPerDay, bestCardPrecision100, ...figures } = heldOut!;
  assertEquals(figures, expected);
  assertEquals([days, trainedRows, after], [4, 8 * A_DAY, new Date(1.6e12 + 8 * DAY_MS).toISOString()]);
  assertEquals(flaggedPerDay, figures.flagged / 4);
  assert(bestCardPrecision100! >= figures.cardPrecision100!);
  assertEquals(notKnown, undefined);
  assertEquals(expectation?.rows, 12 * A_DAY);
});

Deno.test("trainModel() leaves out the newest days where their labels have not come yet", async () => {
  const batch = rowsOf(12);
  batch.labels.fill(UNKNOWN_LABEL, 9 * A_DAY);
  // What an analyst was asked about first is no picture of its day.
  batch.labels[11 * A_DAY] = 1;
  const { heldOut, expectation } = await trained(batch);
  assertEquals([heldOut?.days, heldOut?.rows, heldOut?.trainedRows], [3, 3 * A_DAY, 6 * A_DAY]);
  const { rows, recall } = await byHand(rowsOf(12), 6 * A_DAY, 9 * A_DAY);
  assertEquals([heldOut?.rows, heldOut?.recall], [rows, recall]);
  assertEquals(expectation?.rows, 9 * A_DAY + 1);
});

Deno.test("trainModel() presumes rows legitimate that had no label for so long, where it is told to", async () => {
  const batch = rowsOf(12);
  batch.labels.forEach((label, i) => batch.labels[i] = label === 1 && i < 10 * A_DAY ? 1 : UNKNOWN_LABEL);
  const kind = "transactions" as const;
  const features = OPTIONS.features.map((feature) => ({ ...feature, definition: {} }));
  const options = { kind, features, presumeLegitimateAfterMs: 2 * DAY_MS };
  const { heldOut } = await trained({ ...batch, labels: batch.labels.slice() }, options);
  assertEquals([heldOut?.days, heldOut?.rows], [3, 3 * A_DAY]);
  assertStringIncludes((await trained(batch)).notKnown!, "labels are there of 1.8% of the rows");
});

Deno.test("trainModel() says why it knows nothing of held-out days", async () => {
  const batch = rowsOf(12);
  const { rows, count, labels, timestampsMs } = batch;
  for (
    const [given, why] of [
      [{ rows, count }, "no labels"],
      [{ rows, count, timestampsMs, labels: new Uint8Array(count).fill(UNKNOWN_LABEL) }, "no labels"],
      [{ rows, count, labels }, "no times"],
      [{ rows, count, timestampsMs, labels: new Uint8Array(count) }, "the same"],
      [{ ...rowsOf(2) }, "span 2 days"],
    ] as const
  ) {
    const { heldOut, notKnown } = await trained(given);
    assertEquals(heldOut, undefined);
    assertStringIncludes(notKnown!, why);
  }
});

Deno.test("trainModel() knows no card precision where rows have no cards", async () => {
  const { rows, count, labels, timestampsMs } = rowsOf(6);
  const { heldOut } = await trained({ rows, count, labels, timestampsMs });
  assertEquals([heldOut?.days, heldOut?.cardPrecision100], [2, undefined]);
});

Deno.test("trainModel() keeps days and alerts a day as they are where a row is future-dated", async () => {
  const batch = rowsOf(12);
  const options = { contamination: undefined, alertsPerDay: 4 };
  const expected = await trained(batch, options);
  batch.timestampsMs[5] = 4e12;
  const found = await trained(batch, options);
  assertEquals(found.coveredDays, expected.coveredDays);
  assertEquals([found.heldOut?.after, found.heldOut?.days], [
    expected.heldOut?.after,
    expected.heldOut?.days,
  ]);
  assertAlmostEquals(found.heldOut!.flaggedPerDay, expected.heldOut!.flaggedPerDay, 0.3);
});

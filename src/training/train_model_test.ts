import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertRejects,
} from "../testing/assert.ts";
import { encodeForest } from "../forest/binary.ts";
import { formatManifest, type Model } from "../forest/manifest.ts";
import { Random } from "./random.ts";
import { createScorer } from "../forest/scorer/scorer.ts";
import { trainForest } from "./train.ts";
import { openFeatureStage } from "../features/stage.ts";
import { trainModel, type TrainModelOptions } from "./train_model.ts";
import { type RowBatch, StreamTrainer } from "./train_stream.ts";

const TABLE: TrainModelOptions = {
  kind: "table",
  features: [{ name: "a" }, { name: "b" }],
  contamination: 0.02,
};

function uniformRows(n: number, seed = 1): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: 2 * n }, () => random.float());
}

/** Cuts rows into batches of the given size, all handed over in one array that is used again. */
async function* cut(
  rows: Float32Array,
  size: number,
  more: Partial<RowBatch> = {},
): AsyncGenerator<RowBatch> {
  const shared = new Float32Array(2 * size);
  for (let first = 0; first < rows.length / 2; first += size) {
    const part = rows.subarray(2 * first, 2 * (first + size));
    shared.fill(NaN);
    shared.set(part);
    const count = part.length / 2;
    yield {
      rows: shared,
      count,
      labels: more.labels?.subarray(first, first + count),
      timestampsMs: more.timestampsMs?.subarray(first, first + count),
    };
    await Promise.resolve();
  }
}

Deno.test("trainModel() gives the same bytes however the rows are cut into batches", async () => {
  const rows = uniformRows(5000);
  const models: Model[] = [];
  for (const size of [1, 7, 1000, 5000]) models.push(await trainModel(cut(rows, size), TABLE));
  for (const model of models) {
    assertEquals(formatManifest(model.manifest), formatManifest(models[0].manifest));
    assertEquals(encodeForest(model.forest), encodeForest(models[0].forest));
    assertEquals(model.sha256, models[0].sha256);
  }
  const other = await trainModel(cut(rows, 1000), { ...TABLE, randomSeed: 1 });
  assertNotEquals(other.sha256, models[0].sha256);
});

Deno.test("StreamTrainer grows the forest of trainForest() where each tree takes all rows", async () => {
  const rows = uniformRows(200);
  const trainer = new StreamTrainer(2, { maxSamples: 256, nEstimators: 7, randomSeed: 5 });
  for await (const batch of cut(rows, 33)) trainer.add(batch);
  assertEquals(
    trainer.grow(),
    trainForest({ rows, nFeatures: 2 }, { maxSamples: 256, nEstimators: 7, randomSeed: 5 }),
  );
});

Deno.test("StreamTrainer's forests score a long stream as those of trainForest() do", async () => {
  const rows = uniformRows(20_000);
  const trainer = new StreamTrainer(2, { nEstimators: 400 });
  for await (const batch of cut(rows, 999)) trainer.add(batch);
  using streamed = await createScorer(trainer.grow());
  using inMemory = await createScorer(trainForest({ rows, nFeatures: 2 }, { nEstimators: 400 }));
  const probes = Float32Array.of(0.5, 0.5, 0.02, 0.98, 3, 3, 0.5, 0.01);
  const [a, b] = [streamed.score(probes), inMemory.score(probes)];
  a.forEach((score, i) => assertAlmostEquals(score, b[i], 0.02));
});

Deno.test("trainModel() flags the contamination and summarises all rows", async () => {
  const rows = uniformRows(4000);
  rows[77] = -9;
  const { manifest, forest } = await trainModel(cut(rows, 100), TABLE);
  using scorer = await createScorer(forest);
  const flagged = scorer.score(rows).filter((score) => score > manifest.threshold).length;
  assert(Math.abs(flagged - 80) <= 1, `${flagged} flagged`);
  const { training } = manifest;
  assertEquals([training?.rows, training?.sampledRows, training?.coveredDays], [4000, 4000, undefined]);
  const [a, b] = training!.features;
  assertEquals([a.name, b.name, b.min], ["a", "b", -9]);
  assertAlmostEquals(a.mean, 0.5, 0.03);
  assertAlmostEquals(a.quantiles["p50"], 0.5, 0.05);
  assertAlmostEquals(a.quantiles["p99.5"], 0.995, 0.01);
});

Deno.test("trainModel() keeps a bounded sample of a long stream, every row equally likely", async () => {
  const n = 1_200_000;
  async function* ascending(): AsyncGenerator<RowBatch> {
    for (let first = 0; first < n; first += 10_000) {
      yield { rows: Float32Array.from({ length: 10_000 }, (_, i) => first + i), count: 10_000 };
    }
  }
  const { manifest } = await trainModel(ascending(), {
    kind: "table",
    features: [{ name: "a" }],
    contamination: 0.1,
    nEstimators: 2,
  });
  assertEquals([manifest.training?.rows, manifest.training?.sampledRows], [n, 1_000_000]);
  const { quantiles, max } = manifest.training!.features[0];
  assertEquals(max, n - 1);
  for (const p of [5, 50, 95]) assertAlmostEquals(quantiles[`p${p}`], n * p / 100, n / 500);
});

Deno.test("trainModel() takes alerts per day from the time that the rows span", async () => {
  const rows = uniformRows(5000);
  const timestampsMs = Float64Array.from({ length: 5000 }, (_, i) => 1e12 + (4999 - i) * 86_400);
  const { manifest } = await trainModel(cut(rows, 64, { timestampsMs }), {
    ...TABLE,
    contamination: undefined,
    alertsPerDay: 10,
  });
  assertAlmostEquals(manifest.training!.coveredDays!, 5, 0.01);
  const byShare = await trainModel(cut(rows, 64), { ...TABLE, contamination: 10 * 4.999 / 5000 });
  assertEquals(manifest.threshold, byShare.manifest.threshold);
});

Deno.test("trainModel() says what labels expect of the flags, and never trains on them", async () => {
  const rows = uniformRows(2000);
  const labels = new Uint8Array(2000);
  for (let i = 0; i < 20; i++) {
    rows.set([5 + i, 9], 200 * i);
    labels[100 * i] = 1;
  }
  const labelled = await trainModel(cut(rows, 64, { labels }), TABLE);
  const { expectation } = labelled.manifest.training!;
  assertEquals([expectation?.rows, expectation?.frauds], [2000, 20]);
  assert(expectation!.rocAuc > 0.99 && expectation!.recall > 0.9, JSON.stringify(expectation));
  const unlabelled = await trainModel(cut(rows, 64), TABLE);
  assertEquals(encodeForest(unlabelled.forest), encodeForest(labelled.forest));
  assertEquals(unlabelled.manifest.training?.expectation, undefined);
  const oneClass = await trainModel(cut(rows, 64, { labels: new Uint8Array(2000) }), TABLE);
  assertEquals(oneClass.manifest.training?.expectation, undefined);
});

Deno.test("trainModel() keeps the usual amount of its transactions, which the stage takes", async () => {
  async function* batches() {
    const rows = uniformRows(500);
    const amounts = Float64Array.from({ length: 500 }, (_, i) => i % 2 === 0 ? 20 : 80);
    for (const [from, to] of [[0, 100], [100, 500]]) {
      const count = to - from;
      yield { rows: rows.subarray(2 * from, 2 * to), count, amounts: amounts.subarray(from, to) };
    }
  }
  const features = ["amount", "z"].map((name) => ({ name, definition: {} }));
  const { manifest } = await trainModel(batches(), { ...TABLE, kind: "transactions", features });
  // Log-normal: the mean of the logarithms is that of 40, their variance (ln 2)².
  const { mean, spread } = manifest.usualAmount!;
  assertAlmostEquals(mean, 40 * Math.exp(Math.log(2) ** 2 / 2), 1e-9);
  assertAlmostEquals(spread, Math.sqrt(Math.exp(Math.log(2) ** 2) - 1), 1e-9);
  const { usualAmount: _, ...without } = manifest;
  const [stage, other] = [manifest, without].map((each) => openFeatureStage(each).features.stateId);
  assert(stage !== other);
  assertEquals((await trainModel(cut(uniformRows(500), 100), TABLE)).manifest.usualAmount, undefined);
});

Deno.test("trainModel() fits transforms on raw rows and grows the trees on the changed ones", async () => {
  const rows = uniformRows(1000);
  let fittedOn = 0;
  const model = await trainModel(cut(rows, 50), {
    ...TABLE,
    kind: "transactions",
    features: [{ name: "a", definition: {} }, { name: "b", definition: {} }],
    fit(kept, count) {
      fittedOn = count;
      assertEquals(kept.slice(), rows);
      const transform = { kind: "one-sided" as const, floor: 0.5, ceiling: 1 };
      return {
        features: [{ name: "a", definition: {}, transform }, { name: "b", definition: {}, transform }],
        apply(values, n) {
          for (let i = 0; i < 2 * n; i++) values[i] = Math.max(0, 2 * (values[i] - 0.5));
        },
      };
    },
  });
  assertEquals(fittedOn, 1000);
  assertEquals(model.manifest.features[1].transform?.floor, 0.5);
  assert(model.manifest.training!.features[0].quantiles["p25"] < 0.3, "the summary is of the raw rows");
  const changed = rows.map((value) => Math.max(0, 2 * (value - 0.5)));
  assertEquals(model.forest, (await trainModel(cut(changed, 50), TABLE)).forest);
});

Deno.test("trainModel() refuses no rows, NaN by place, and times that are absent", async () => {
  await assertRejects(
    () => trainModel(cut(new Float32Array(0), 5), TABLE),
    RangeError,
    "current value is 0 rows",
  );
  const rows = uniformRows(100);
  rows[151] = Infinity;
  await assertRejects(() => trainModel(cut(rows, 7), TABLE), RangeError, "row 75 column 1 must be finite");
  const alerts = { ...TABLE, contamination: undefined, alertsPerDay: 3 };
  await assertRejects(() => trainModel(cut(uniformRows(9), 5), alerts), RangeError, "must span some time");
  await assertRejects(
    () => trainModel(cut(uniformRows(9), 5), { ...TABLE, nEstimators: 0 }),
    RangeError,
    "nEstimators",
  );
});

import { assert, assertEquals, assertRejects } from "../testing/assert.ts";
import { collectRows } from "../table/read_rows.ts";
import { chooseFeatures, openTable } from "../table/table.ts";
import { evaluateTable } from "./table.ts";

/** Mean ROC-AUC and average precision of scikit-learn's IsolationForest over 10 seeds, from the data's own README. */
const ANCHORS: [string, number, number][] = [
  ["mammography", 0.861, 0.221],
  ["annthyroid", 0.818, 0.304],
  ["satellite", 0.701, 0.658],
  ["shuttle", 0.997, 0.978],
  ["pima", 0.671, 0.500],
  ["breastw", 0.987, 0.971],
  ["ionosphere", 0.846, 0.800],
  ["thyroid", 0.978, 0.526],
  ["cardio", 0.933, 0.578],
];

const DATA = new URL("../../../shared/data/anomaly/", import.meta.url);

async function exists(url: URL): Promise<boolean> {
  try {
    await Deno.stat(url);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

const present = await exists(DATA);

for (const [name, auc, ap] of ANCHORS) {
  Deno.test({
    name: `evaluateTable() is within 0.02 ROC-AUC of scikit-learn on ${name}` +
      (present ? "" : " (skipped: no folder ../shared/data/anomaly)"),
    ignore: !present,
    async fn() {
      using table = await openTable(new URL(`${name}.csv`, DATA).pathname);
      const features = chooseFeatures(table, { label: "label" });
      const { rows, labels } = await collectRows(table.rows({ features, label: "label" }), features.length);
      const { rocAuc, averagePrecision } = await evaluateTable({ rows, nFeatures: features.length }, labels);
      assert(Math.abs(rocAuc.mean - auc) < 0.02, `ROC-AUC ${rocAuc.mean}, scikit-learn's ${auc}`);
      assert(
        Math.abs(averagePrecision.mean - ap) < 0.06,
        `average precision ${averagePrecision.mean}, ${ap}`,
      );
    },
  });
}

const ROWS = Float32Array.from({ length: 600 }, (_, i) => i < 580 ? Math.sin(i) : 1.2 + Math.cos(i));
const LABELS = Uint8Array.from({ length: 600 }, (_, i) => i < 580 ? 0 : 1);

Deno.test("evaluateTable() gives mean and standard deviation over the seeds", async () => {
  const seen: number[] = [];
  const options = { seeds: 4, randomSeed: 10, onSeed: (done: number) => void seen.push(done) };
  const { runs, rocAuc, averagePrecision } = await evaluateTable(
    { rows: ROWS, nFeatures: 1 },
    LABELS,
    options,
  );
  assertEquals(seen, [1, 2, 3, 4]);
  const aucs = runs.map((run) => run.rocAuc);
  const mean = (aucs[0] + aucs[1] + aucs[2] + aucs[3]) / 4;
  assert(Math.abs(rocAuc.mean - mean) < 1e-15);
  const variance = aucs.reduce((sum, auc) => sum + (auc - mean) ** 2, 0) / 3;
  assert(rocAuc.sd > 0 && Math.abs(rocAuc.sd - Math.sqrt(variance)) < 1e-15);
  assert(averagePrecision.sd > 0 && averagePrecision.mean <= 1);
  const second = await evaluateTable({ rows: ROWS, nFeatures: 1 }, LABELS, { seeds: 1, randomSeed: 11 });
  assertEquals(second.runs[0], runs[1]);
  assertEquals(second.rocAuc.sd, 0);
});

Deno.test("evaluateTable() refuses labels of one class", async () => {
  const labels = new Uint8Array(600);
  await assertRejects(
    () => evaluateTable({ rows: ROWS, nFeatures: 1 }, labels),
    RangeError,
    "label 1 must be there",
  );
});

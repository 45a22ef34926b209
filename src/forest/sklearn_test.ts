import { assert, assertEquals, assertRejects } from "../testing/assert.ts";
import { referenceScore } from "./scorer/reference.ts";
import { createScorer } from "./scorer/scorer.ts";
import { importSklearn } from "./sklearn.ts";

interface Golden {
  forest: Record<string, unknown>;
  rows: number[][];
  anomaly_scores: number[];
  flagged: number[];
}

const TESTDATA = new URL("testdata/", import.meta.url);
const NAMES = Array.from(Deno.readDirSync(TESTDATA), (entry) => entry.name)
  .filter((name) => /^sklearn_.*\.json$/.test(name)).sort();

async function readGolden(name: string): Promise<Golden> {
  return JSON.parse(await Deno.readTextFile(new URL(name, TESTDATA)));
}

Deno.test("importSklearn() has a golden file of each kind", () => assertEquals(NAMES.length, 9));

for (const name of NAMES) {
  Deno.test(`importSklearn() gives scikit-learn's scores and flags: ${name}`, async () => {
    const { forest: exported, rows, anomaly_scores, flagged } = await readGolden(name);
    const { forest, manifest } = await importSklearn(JSON.stringify(exported));
    const flat = Float32Array.from(rows.flat());
    using scorer = await createScorer(forest);
    for (const scores of [referenceScore(forest, flat), scorer.score(flat)]) {
      assertEquals(scores.length, anomaly_scores.length);
      scores.forEach((score, row) => {
        const difference = Math.abs(score - anomaly_scores[row]);
        assert(difference <= 1e-12, `row ${row}: ${score} is ${difference} off scikit-learn's`);
        assertEquals(Number(score > manifest.threshold), flagged[row], `row ${row} flagged`);
      });
    }
  });
}

Deno.test("importSklearn() refuses a forest that scikit-learn fitted with NaN, and takes its like without", async () => {
  const read = (name: string) => Deno.readTextFile(new URL(name, TESTDATA));
  await assertRejects(
    async () => importSklearn(await read("missing_some.json")),
    RangeError,
    "fitted with some",
  );
  assertEquals((await importSklearn(await read("missing_none.json"))).manifest.nEstimators, 5);
});

Deno.test("importSklearn() keeps names, sub-sample size and threshold", async () => {
  const { forest: exported } = await readGolden("sklearn_plain.json");
  const { manifest } = await importSklearn(JSON.stringify(exported));
  assertEquals(manifest.features.map((feature) => feature.name), ["amount", "hour", "weekday"]);
  assertEquals([manifest.maxSamples, manifest.nEstimators, manifest.contamination], [64, 10, 0.05]);
  assertEquals(manifest.threshold, 2 ** -50 - (exported.offset as number));
  assertEquals(manifest.trainer, "scikit-learn");
  const renamed = await importSklearn(JSON.stringify(exported), ["a", "b", "c"]);
  assertEquals(renamed.manifest.features.map((feature) => feature.name), ["a", "b", "c"]);
  const unnamed = await importSklearn(JSON.stringify({ ...exported, feature_names: null }));
  assertEquals(unnamed.manifest.features.map((feature) => feature.name), ["x0", "x1", "x2"]);
});

Deno.test("importSklearn() takes nodes in any order", async () => {
  const inOrder = {
    left: [1, 2, -1, -1, -1],
    right: [4, 3, -1, -1, -1],
    feature: [0, 0, -2, -2, -2],
    threshold: [2, 1, -2, -2, -2],
    n_samples: [4, 3, 1, 2, 1],
  };
  const shuffled = {
    left: [3, -1, -1, 4, -1],
    right: [1, -1, -1, 2, -1],
    feature: [0, -2, -2, 0, -2],
    threshold: [2, -2, -2, 1, -2],
    n_samples: [4, 1, 2, 3, 1],
  };
  const one = await importSklearn(exportOf(inOrder));
  const other = await importSklearn(exportOf(shuffled));
  assertEquals(other.forest, one.forest);
  assertEquals(one.forest.threshold, Float64Array.of(2, 1, 0, 0, 0));
});

function exportOf(tree: object, more: object = {}): string {
  return JSON.stringify({
    format: "isolation-forest",
    format_version: 1,
    n_features: 1,
    feature_names: null,
    max_samples: 4,
    contamination: "auto",
    offset: -0.5,
    trees: [tree],
    ...more,
  });
}

const STUMP = {
  left: [1, -1, -1],
  right: [2, -1, -1],
  feature: [0, -2, -2],
  threshold: [0.5, -2, -2],
  n_samples: [2, 1, 1],
};

const BAD: [string, string, string][] = [
  ["no JSON", "forest", "must be JSON as scripts/sklearn_to_json.py writes it"],
  ["cut off", exportOf(STUMP).slice(0, -30), "must be JSON"],
  ["an empty file", "", "must be JSON"],
  ["another JSON", "{}", "format"],
  ["another version", exportOf(STUMP, { format_version: 2 }), "format_version"],
  [
    "Infinity as Python writes it",
    exportOf(STUMP).replace("[0.5,", "[Infinity,"),
    "finite: current value is Infinity",
  ],
  [
    "-Infinity as Python writes it",
    exportOf(STUMP).replace("[0.5,", "[-Infinity,"),
    "current value is -Infinity",
  ],
  ["NaN as Python writes it", exportOf(STUMP).replace("[0.5,", "[NaN,"), "finite: current value is NaN"],
  ["a number beyond float64", exportOf(STUMP).replace("[0.5,", "[1e999,"), "trees.0.threshold.0"],
  ["null for a threshold", exportOf({ ...STUMP, threshold: [null, 0, 0] }), "trees.0.threshold.0"],
  ["a feature out of range", exportOf({ ...STUMP, feature: [1, -2, -2] }), "feature between 0 and 0"],
  [
    "a feature that wraps in 32 bits",
    exportOf({ ...STUMP, feature: [2 ** 32, -2, -2] }),
    "trees.0.feature.0",
  ],
  ["an inner node without feature", exportOf({ ...STUMP, feature: [-2, -2, -2] }), "feature"],
  [
    "a child out of range",
    exportOf({ ...STUMP, right: [3, -1, -1] }),
    "right child from 0 to 2: current value is 3",
  ],
  [
    "a node with one child",
    exportOf({ ...STUMP, right: [-1, -1, -1] }),
    "right child from 0 to 2: current value is -1",
  ],
  ["a node as its own child", exportOf({ ...STUMP, left: [0, -1, -1] }), "reach node 0 one way only"],
  ["a child with two parents", exportOf({ ...STUMP, left: [2, -1, -1] }), "reach node 2 one way only"],
  [
    "a node nobody reaches",
    exportOf({ left: [-1, -1], right: [-1, -1], feature: [-2, -2], threshold: [0, 0], n_samples: [1, 1] }),
    "reach node 1 from its root",
  ],
  ["arrays of different lengths", exportOf({ ...STUMP, n_samples: [2, 1] }), "3 entries of n_samples"],
  ["no samples in a leaf", exportOf({ ...STUMP, n_samples: [1, 1, 0] }), "n_samples.2"],
  ["counts that don't add up", exportOf({ ...STUMP, n_samples: [3, 1, 1] }), "nSamples"],
  ["no tree", exportOf(STUMP, { trees: [] }), "trees"],
  [
    "an empty tree",
    exportOf({ left: [], right: [], feature: [], threshold: [], n_samples: [] }),
    "trees.0.left",
  ],
  ["too few names", exportOf(STUMP, { feature_names: ["a", "b"] }), "must have a name each"],
  [
    "missing values in training",
    exportOf(STUMP, { fitted_with_missing: true }),
    "fitted without missing values",
  ],
  ["an offset above 0", exportOf(STUMP, { offset: 0.5 }), "offset"],
];

for (const [what, text, message] of BAD) {
  Deno.test(`importSklearn() refuses ${what}`, async () => {
    await assertRejects(() => importSklearn(text), RangeError, message);
  });
}

Deno.test("importSklearn() takes a chain of 50,000 nodes without recursion", async () => {
  const n = 50_001;
  const inner = (i: number) => i % 2 === 0 && i < n - 1;
  const tree = {
    left: Array.from({ length: n }, (_, i) => inner(i) ? i + 1 : -1),
    right: Array.from({ length: n }, (_, i) => inner(i) ? i + 2 : -1),
    feature: Array.from({ length: n }, (_, i) => inner(i) ? 0 : -2),
    threshold: Array.from({ length: n }, (_, i) => inner(i) ? i : -2),
    n_samples: Array.from({ length: n }, (_, i) => i % 2 === 0 ? (n - i + 1) / 2 : 1),
  };
  const { forest } = await importSklearn(exportOf(tree, { max_samples: 25_001 }));
  assertEquals(forest.feature.length, n);
});

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "../../testing/assert.ts";
import type { Forest } from "../forest.ts";
import { referenceScore } from "./reference.ts";
import { createScorer } from "./scorer.ts";
import {
  type ForestCase,
  randomForest,
  randomNumbers,
  randomRows,
  THRESHOLD_KINDS,
  TREE_SHAPES,
} from "./testing/cases.ts";

function assertSameScores(actual: Float64Array, expected: Float64Array, name: string): void {
  assertEquals(actual.length, expected.length);
  for (let row = 0; row < expected.length; row++) {
    const difference = Math.abs(actual[row] - expected[row]);
    assert(difference <= 1e-12, `${name}, row ${row}: ${actual[row]} must be ${expected[row]}`);
  }
}

async function assertScoresAsReference(forest: Forest, rows: Float32Array, name: string): Promise<void> {
  using scorer = await createScorer(forest);
  assertSameScores(scorer.score(rows), referenceScore(forest, rows), name);
}

function smallForest(): Forest {
  return randomForest(randomNumbers(1), {
    nFeatures: 3,
    nEstimators: 9,
    leaves: 12,
    shapes: ["halving"],
    thresholds: ["uniform"],
  });
}

Deno.test("createScorer() scores 10,000 random cases as referenceScore() does", async () => {
  const random = randomNumbers(20_180_401);
  const upTo = (most: number) => 1 + Math.floor(random() * most);
  let cases = 0;
  while (cases < 10_000) {
    const wanted: ForestCase = {
      nFeatures: random() < 0.1 ? upTo(70) : upTo(7),
      nEstimators: upTo(20),
      leaves: random() < 0.1 ? upTo(400) : upTo(24),
      shapes: random() < 0.5 ? TREE_SHAPES : [TREE_SHAPES[upTo(TREE_SHAPES.length) - 1]],
      thresholds: random() < 0.5 ? THRESHOLD_KINDS : [THRESHOLD_KINDS[upTo(THRESHOLD_KINDS.length) - 1]],
      maxSamples: [1, 2, 3, 256, 100_000][upTo(5) - 1],
      samplesPerLeaf: random() < 0.5 ? 1 : upTo(400),
    };
    const forest = randomForest(random, wanted);
    using scorer = await createScorer(forest);
    for (const most of [3, 20, 200]) {
      const rows = randomRows(random, forest, upTo(most));
      assertSameScores(scorer.score(rows), referenceScore(forest, rows), JSON.stringify(wanted));
      cases++;
    }
  }
});

for (
  const [name, wanted] of Object.entries<ForestCase>({
    "a root alone": { nFeatures: 1, nEstimators: 1, leaves: 1, shapes: ["root"], thresholds: ["uniform"] },
    "roots alone": { nFeatures: 4, nEstimators: 100, leaves: 1, shapes: ["root"], thresholds: ["uniform"] },
    "a chain of 100,000 nodes": {
      nFeatures: 2,
      nEstimators: 2,
      leaves: 50_000,
      shapes: ["left chain", "zigzag"],
      thresholds: ["uniform"],
      maxSamples: 100_000,
      samplesPerLeaf: 1,
    },
    "more features than there is room for the keys of one row at a time": {
      nFeatures: 1100,
      nEstimators: 9,
      leaves: 64,
      shapes: ["halving"],
      thresholds: ["uniform"],
    },
    "trees of 100,000 leaves": {
      nFeatures: 2,
      nEstimators: 3,
      leaves: 100_000,
      shapes: ["halving", "ragged"],
      thresholds: ["uniform", "close"],
      maxSamples: 100_000,
    },
    "1,000 features": {
      nFeatures: 1000,
      nEstimators: 40,
      leaves: 256,
      shapes: ["ragged"],
      thresholds: ["uniform"],
    },
    "300 features in blocks": {
      nFeatures: 300,
      nEstimators: 400,
      leaves: 40,
      shapes: ["ragged"],
      thresholds: ["uniform", "close"],
    },
    "2,000 trees": {
      nFeatures: 3,
      nEstimators: 2000,
      leaves: 16,
      shapes: TREE_SHAPES,
      thresholds: THRESHOLD_KINDS,
    },
    "a feature with thousands of thresholds": {
      nFeatures: 1,
      nEstimators: 30,
      leaves: 1024,
      shapes: ["halving", "ragged"],
      thresholds: ["uniform", "skewed", "tiny"],
      maxSamples: 1024,
    },
    "thresholds that float32 does not tell apart": {
      nFeatures: 2,
      nEstimators: 50,
      leaves: 100,
      shapes: ["ragged"],
      thresholds: ["close"],
    },
    "several sections of thresholds": {
      nFeatures: 1,
      nEstimators: 400,
      leaves: 40,
      shapes: ["ragged", "halving"],
      thresholds: ["uniform", "skewed"],
    },
    "trees in blocks next to trees to walk": {
      nFeatures: 4,
      nEstimators: 60,
      leaves: 400,
      shapes: ["left chain", "zigzag", "root", "halving"],
      thresholds: ["uniform", "few"],
    },
    "many path lengths": {
      nFeatures: 5,
      nEstimators: 20,
      leaves: 600,
      shapes: ["ragged"],
      thresholds: ["uniform"],
      samplesPerLeaf: 100_000,
      maxSamples: 1_000_000,
    },
  })
) {
  Deno.test(`createScorer() scores as referenceScore() does: ${name}`, async () => {
    const random = randomNumbers(7);
    const forest = randomForest(random, wanted);
    const counts = forest.feature.length > 50_000 && wanted.nEstimators < 10 ? [1, 100] : [1, 9, 1000];
    for (const count of counts) {
      await assertScoresAsReference(forest, randomRows(random, forest, count), `${name}, ${count} rows`);
    }
  });
}

Deno.test("createScorer() gives the same score to a row at any place of any batch", async () => {
  const forest = smallForest();
  using scorer = await createScorer(forest);
  const rows = randomRows(randomNumbers(3), forest, 2500);
  const all = scorer.score(rows);
  for (
    const [first, count] of [[0, 1], [1, 7], [3, 16], [5, 63], [10, 65], [700, 1025], [0, 2500], [2499, 1]]
  ) {
    const part = scorer.score(rows.subarray(first * forest.nFeatures), count);
    assertEquals(part, all.slice(first, first + count), `${count} rows from ${first} on`);
  }
});

Deno.test("createScorer() scores rows that were written into its own memory", async () => {
  const forest = smallForest();
  using scorer = await createScorer(forest);
  const rows = randomRows(randomNumbers(4), forest, 20);
  scorer.rows.set(rows);
  const out = new Float64Array(25).fill(-1);
  assertEquals(scorer.score(scorer.rows, 20, out), out);
  assertEquals(out.subarray(0, 20), scorer.score(rows));
  assertEquals(out.subarray(20), new Float64Array(5).fill(-1));
  scorer.rows.set(rows);
  const later = scorer.rows.subarray(5 * forest.nFeatures, 20 * forest.nFeatures);
  assertEquals(scorer.score(later), out.slice(5, 20));
});

Deno.test("createScorer() keeps two forests apart", async () => {
  const first = smallForest();
  const second = { ...smallForest(), maxSamples: 16 };
  using one = await createScorer(first);
  using other = await createScorer(second);
  const rows = randomRows(randomNumbers(5), first, 40);
  const before = one.score(rows);
  assertSameScores(other.score(rows), referenceScore(second, rows), "second");
  assertEquals(one.score(rows), before);
});

Deno.test("createScorer() refuses NaN and names row and column", async () => {
  const forest = smallForest();
  using scorer = await createScorer(forest);
  for (const [count, row, column] of [[1, 0, 2], [5, 4, 1], [100, 63, 0], [3000, 2999, 2], [3000, 1024, 0]]) {
    const rows = new Float32Array(count * forest.nFeatures);
    rows[row * forest.nFeatures + column] = NaN;
    assertThrows(() => scorer.score(rows), RangeError, `row ${row}, column ${column}`);
  }
  assertEquals(scorer.score(new Float32Array(3)).length, 1);
});

Deno.test("createScorer() refuses lengths that do not fit, and takes no rows at all", async () => {
  const forest = smallForest();
  using scorer = await createScorer(forest);
  assertEquals(scorer.score(new Float32Array(0)), new Float64Array(0));
  assertThrows(() => scorer.score(new Float32Array(4)), RangeError, "multiple of 3");
  assertThrows(() => scorer.score(new Float32Array(6), 3), RangeError, "9 values");
  assertThrows(() => scorer.score(new Float32Array(6), 1.5), RangeError, "count");
  assertThrows(() => scorer.score(new Float32Array(6), -1), RangeError, "count");
  assertThrows(() => scorer.score(new Float32Array(6), 2, new Float64Array(1)), RangeError, "out");
});

Deno.test("createScorer() ends with its disposal", async () => {
  const scorer = await createScorer(smallForest());
  scorer[Symbol.dispose]();
  assertThrows(() => scorer.score(new Float32Array(3)), TypeError, "disposed");
  assertThrows(() => scorer.rows, TypeError, "disposed");
});

Deno.test("createScorer() refuses a broken forest and bytes that are no module", async () => {
  const forest = smallForest();
  forest.left[0] = 0;
  await assertRejects(() => createScorer(forest), RangeError, "tree 0, node 0");
  const error = await assertRejects(
    () => createScorer(smallForest(), { wasm: new Uint8Array([1, 2, 3]) }),
    WebAssembly.CompileError,
  );
  assertStringIncludes(error.message, "WebAssembly");
});

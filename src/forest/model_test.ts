import { assert, assertEquals, assertRejects, assertThrows } from "../testing/assert.ts";
import { decodeForest, encodeForest } from "./binary.ts";
import { writeCard } from "./card.ts";
import { loadModel } from "./load.ts";
import { formatManifest, type Model } from "./manifest.ts";
import { sha256Hex } from "../runtime/sha256.ts";
import { createModel, type ModelDescription } from "./model.ts";
import { saveModel } from "./save.ts";
import { trainForest } from "../training/train.ts";

const ROWS = Float32Array.from({ length: 400 }, (_, i) => Math.sin(i * i));
const FOREST = trainForest({ rows: ROWS, nFeatures: 2 }, { nEstimators: 5, maxSamples: 16 });
const DESCRIPTION: ModelDescription = {
  kind: "table",
  trainer: "edgewood",
  features: [{ name: "amount" }, { name: "hour" }],
  randomSeed: 0,
  contamination: 0.01,
  threshold: 0.6,
};

/** A saved model in a folder of its own, removed afterwards. */
async function withModel(use: (directory: string, model: Model) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const model = await createModel(DESCRIPTION, FOREST);
    await saveModel(directory, model, writeCard(model.manifest));
    await use(directory, model);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("saveModel() and loadModel() keep every bit", async () => {
  await withModel(async (directory, model) => {
    assertEquals(await loadModel(directory), model);
    assertEquals(await loadModel(new URL(`file://${directory}`)), model);
    assertEquals(await loadModel(new URL(`file://${directory}/`)), model);
    assertEquals(model.sha256, await sha256Hex(await Deno.readFile(`${directory}/forest.json`)));
    const names = Array.from(Deno.readDirSync(directory), (entry) => entry.name).sort();
    assertEquals(names, ["README.md", "forest.bin", "forest.json"]);
    const text = await Deno.readTextFile(`${directory}/forest.json`);
    assertEquals(text.at(-1), "\n");
  });
});

Deno.test("saveModel() replaces a model and makes folders", async () => {
  await withModel(async (directory, model) => {
    const other = await createModel({ ...DESCRIPTION, threshold: 0.7 }, FOREST);
    await saveModel(directory, other, "# Other\n");
    assertEquals((await loadModel(directory)).manifest.threshold, 0.7);
    await saveModel(`${directory}/a/b`, model, "");
    assertEquals(await loadModel(`${directory}/a/b`), model);
  });
});

Deno.test("saveModel() refuses a manifest of another forest and leaves nothing half written", async () => {
  await withModel(async (directory, model) => {
    const forest = { ...FOREST, threshold: FOREST.threshold.map((t) => t + 1) };
    await assertRejects(
      () => saveModel(directory, { ...model, forest }, ""),
      TypeError,
      "must have the SHA-256",
    );
    assertEquals(await loadModel(directory), model);
    await assertRejects(() => saveModel(`${directory}/forest.bin`, model, ""), Error, "must be a folder");
    await Deno.mkdir(`${directory}/b/forest.json`, { recursive: true });
    await assertRejects(() => saveModel(`${directory}/b`, model, ""), Error, "Cannot save the model");
    const left = Array.from(Deno.readDirSync(`${directory}/b`), (entry) => entry.name).sort();
    assertEquals(left, ["README.md", "forest.bin", "forest.json"]);
  });
});

Deno.test("loadModel() refuses forest.bin with any byte changed, missing or added", async () => {
  await withModel(async (directory) => {
    const path = `${directory}/forest.bin`;
    const bytes = await Deno.readFile(path);
    for (let i = 0; i < bytes.length; i += 97) {
      const altered = bytes.slice();
      altered[i] ^= 1 << i % 8;
      await Deno.writeFile(path, altered);
      await assertRejects(() => loadModel(directory), RangeError, "the SHA-256 of forest.bin must be");
    }
    for (const length of [0, 1, 31, 32, bytes.length - 1]) {
      await Deno.writeFile(path, bytes.subarray(0, length));
      await assertRejects(() => loadModel(directory), RangeError, `current value is ${length}`);
    }
    await Deno.writeFile(path, new Uint8Array([...bytes, 0]));
    await assertRejects(() => loadModel(directory), RangeError, "the size of forest.bin in bytes must be");
    await Deno.remove(path);
    await assertRejects(() => loadModel(directory), Error, "there is no forest.bin");
  });
});

Deno.test("loadModel() refuses forest.json that is cut off, foreign, or does not fit forest.bin", async () => {
  await withModel(async (directory, model) => {
    const path = `${directory}/forest.json`;
    const text = await Deno.readTextFile(path);
    const change = (from: string | RegExp, to: string): string => {
      assert(text.search(from) >= 0, `${from}`);
      return text.replace(from, to);
    };
    const cases: [string, string][] = [
      ["", "must be JSON"],
      [text.slice(0, 100), "must be JSON"],
      ["[]", "formatVersion of forest.json must be 1: current value is undefined"],
      ["null", "formatVersion of forest.json must be 1"],
      [change('"formatVersion": 1', '"formatVersion": 2'), "current value is 2"],
      [change('"kind": "table"', '"kind": "tree"'), "kind"],
      [change('"kind": "table"', '"kind": "transactions"'), "definition"],
      [change('"hour"', '"amount"'), '"amount" stands twice'],
      [change(/,\s*\{\s*"name": "hour"\s*\}/, ""), "the number of columns in forest.bin must be 1"],
      [change('"maxSamples": 16', '"maxSamples": 17'), "maxSamples in forest.bin must be 17"],
      [change('"threshold": 0.6', '"threshold": 1.6'), "threshold"],
      [change('"threshold": 0.6', '"threshold": null'), "threshold"],
      [change('"threshold": 0.6', '"treshold": 0.6'), "threshold"],
      [change('"trees": 5', '"trees": 6'), "nEstimators"],
      [change(/"nodes": \d+/, '"nodes": 7'), "the number of nodes in forest.bin must be 7"],
      [change(model.manifest.forest.sha256, "f".repeat(64)), "the SHA-256 of forest.bin must be ffff"],
      [change('"contamination": 0.01', '"contamination": 0'), "contamination"],
    ];
    for (const [altered, message] of cases) {
      await Deno.writeTextFile(path, altered);
      await assertRejects(() => loadModel(directory), RangeError, message);
    }
    await Deno.writeFile(path, Uint8Array.of(0xff, 0xfe, 0x7b));
    await assertRejects(() => loadModel(directory), RangeError, "must be JSON");
    await Deno.remove(path);
    await assertRejects(() => loadModel(directory), Error, "there is no forest.json");
  });
});

Deno.test("loadModel() runs checkForest on what the hashes say is whole", async () => {
  await withModel(async (directory, model) => {
    const bytes = encodeForest({ ...FOREST, left: FOREST.left.map((child, node) => node === 0 ? 0 : child) });
    const manifest = structuredClone(model.manifest);
    manifest.forest.sha256 = await sha256Hex(bytes);
    await Deno.writeFile(`${directory}/forest.bin`, bytes);
    await Deno.writeTextFile(`${directory}/forest.json`, formatManifest(manifest));
    await assertRejects(() => loadModel(directory), RangeError, "left child between 1 and");
  });
});

Deno.test("decodeForest() names what is wrong with foreign and cut bytes", () => {
  const bytes = encodeForest(FOREST);
  assertEquals(decodeForest(bytes), FOREST);
  const foreign = bytes.slice();
  foreign.set(new TextEncoder().encode("PK\x03\x04    "));
  assertThrows(() => decodeForest(foreign), RangeError, "first bytes must be");
  const newer = bytes.slice();
  newer[8] = 2;
  assertThrows(() => decodeForest(newer), RangeError, "format version must be 1: current value is 2");
  assertThrows(() => decodeForest(bytes.subarray(0, 40)), RangeError, "current value is 40 bytes");
  const huge = bytes.slice();
  huge.fill(0xff, 20, 28);
  assertThrows(() => decodeForest(huge), RangeError, `current value is ${bytes.length} bytes`);
});

Deno.test("encodeForest() is little-endian at the documented places", () => {
  const view = new DataView(encodeForest(FOREST).buffer);
  const nodes = FOREST.feature.length;
  assertEquals([2, 16, 5, nodes].every((value, i) => view.getUint32(12 + 4 * i, true) === value), true);
  assertEquals(view.getFloat64(32, true), FOREST.threshold[0]);
  assertEquals(view.getInt32(32 + 8 * nodes, true), FOREST.feature[0]);
  assertEquals(view.getInt32(view.byteLength - 4, true), nodes);
});

Deno.test("formatManifest() refuses a manifest with two budgets, or of features without definition", async () => {
  const { manifest } = await createModel(DESCRIPTION, FOREST);
  assertThrows(() => formatManifest({ ...manifest, alertsPerDay: 3 }), TypeError, "alertsPerDay");
  assertThrows(() => formatManifest({ ...manifest, kind: "transactions" }), TypeError, "definition");
  const transform = { kind: "one-sided" as const, floor: 1, ceiling: 1 };
  assertThrows(
    () =>
      formatManifest({ ...manifest, features: [{ name: "a", definition: {}, transform }, { name: "b" }] }),
    TypeError,
    "ceiling must be above floor",
  );
});

Deno.test("writeCard() tells what is known and what is not", async () => {
  const { manifest } = await createModel(
    { ...DESCRIPTION, features: [{ name: "a|b" }, { name: "c" }] },
    FOREST,
  );
  const card = writeCard(manifest);
  assert(card.includes("a\\|b") && card.includes("Not known") && card.includes("Without labels"));
  const training = {
    rows: 1234567,
    sampledRows: 1000,
    skippedRows: 1,
    coveredDays: 7,
    features: [],
    expectation: {
      rows: 1000,
      frauds: 10,
      flagged: 5,
      precision: 0.8,
      recall: 0.4,
      rocAuc: 0.9,
      averagePrecision: 0.5,
    },
  };
  const known = writeCard({ ...manifest, training, contamination: undefined, alertsPerDay: 20 });
  for (
    const part of [
      "1,234,567 rows over 7 days",
      "1 bad row was",
      "sample of 1,000 rows",
      "some 20 rows a day",
    ]
  ) {
    assert(known.includes(part), part);
  }
  assert(known.includes("| 5 | 0.800 | 0.400 | 0.900 | 0.500 |") && !known.includes("Without labels"));
  const heldOut = {
    after: "2026-01-05T00:00:00.000Z",
    days: 2,
    trainedRows: 900,
    flaggedPerDay: 3,
    ...training.expectation,
    cardPrecision100: 0.25,
    bestCardPrecision100: 0.5,
  };
  const held = writeCard({ ...manifest, training: { ...training, heldOut } });
  for (const part of ["2026-01-05", "2 days after", "| 3.0 | 0.800 | 0.400 | 0.250 (at best 0.500) |"]) {
    assert(held.includes(part), part);
  }
  const notKnown = writeCard({ ...manifest, training: { ...training, notKnown: "the rows have no times" } });
  assert(notKnown.includes("are not known: the rows have no times."));
});

/**
 * Measures the scorer by batch size, columns and size of the trees, beside scikit-learn, coniferest and isotree.
 * All run on one core. Edgewood scores the forest that scikit-learn fitted, and the scores must be equal to 1e-12;
 * coniferest and isotree fit forests of the same size on the same rows.
 *
 * @module
 */
import { createExplainer } from "../../src/forest/explain.ts";
import type { Forest } from "../../src/forest/forest.ts";
import { referenceScore } from "../../src/forest/scorer/reference.ts";
import { createScorer } from "../../src/forest/scorer/scorer.ts";
import { randomNumbers } from "../../src/forest/scorer/testing/cases.ts";
import { importSklearn } from "../../src/forest/sklearn.ts";
import { trainForest } from "../../src/training/train.ts";
import { runAsProgram } from "../cli/run_command.ts";
import { openPeer, type Peer } from "./peers/open_peer.ts";
import { benchCommand, type Findings } from "./report/bench_command.ts";
import { interleave } from "./report/interleave.ts";
import type { Line } from "./report/report.ts";
import { ratioOf, type Spread } from "./report/spread.ts";
import { makeFolder } from "./runs/make_folder.ts";

const N_ESTIMATORS = 100;
const ROWS = 65536;
const BATCHES = [1, 64, 1024, 16384];
const PEERS = ["scikit-learn", "coniferest", "isotree"] as const;
const PEER_BATCHES = [1, 1024, 16384, ROWS];
/** One row at a time takes some peers milliseconds. */
const PEER_CALLS = 64;
const TOLERANCE = 1e-12;

/** What a forest is trained on, and its size. */
interface Case {
  values: "normal" | "floor";
  nFeatures: number;
  maxSamples: number;
}

/** Something that scores a batch of rows; a run returns nanoseconds a row. */
interface Contender {
  scorer: string;
  batch: number;
  run(): number | Promise<number>;
}

/** Standard normal values by Box & Muller, or their magnitude in one place of seven and 0 in the others. */
function sampleRows({ values, nFeatures }: Case): Float32Array<ArrayBuffer> {
  const uniform = randomNumbers(1);
  return new Float32Array(ROWS * nFeatures).map(() => {
    const normal = Math.sqrt(-2 * Math.log(uniform() + 1e-12)) * Math.cos(2 * Math.PI * uniform());
    if (values === "normal") return normal;
    return uniform() < 6 / 7 ? 0 : Math.abs(normal);
  });
}

/** The forest that scikit-learn has fitted, and the scores that it gives to all rows. */
async function forestOf(peer: Peer, folder: string): Promise<{ forest: Forest; scores: Float64Array }> {
  const [forest, scores] = [`${folder}/forest.json`, `${folder}/scores.f64`];
  await peer.ask({ do: "export", forest, scores });
  const model = await importSklearn(await Deno.readTextFile(forest));
  const bytes = await Deno.readFile(scores);
  return { forest: model.forest, scores: new Float64Array(bytes.buffer).map((score) => -score) };
}

/** The largest difference of two arrays of scores; throws where it is more than the tolerance. */
function assertEqualScores(ours: Float64Array, theirs: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < theirs.length; i++) largest = Math.max(largest, Math.abs(ours[i] - theirs[i]));
  if (ours.length === theirs.length && largest <= TOLERANCE) return largest;
  throw new Error(
    `Cannot measure as scores must equal scikit-learn's to ${TOLERANCE}: current value is ${largest}`,
  );
}

function ourContenders(
  scorers: readonly [string, readonly number[], (first: number, batch: number) => unknown][],
  rowsPerRound: number,
): Contender[] {
  return scorers.flatMap(([scorer, batches, score]) =>
    batches.map((batch): Contender => ({
      scorer,
      batch,
      run() {
        const calls = Math.max(1, Math.floor(rowsPerRound / batch));
        const startedAt = performance.now();
        for (let call = 0; call < calls; call++) score((call * batch) % ROWS, batch);
        return (performance.now() - startedAt) * 1e6 / (calls * batch);
      },
    }))
  );
}

function peerContenders(peer: Peer, rowsPerRound: number): Contender[] {
  return PEER_BATCHES.map((batch) => ({
    scorer: peer.name,
    batch,
    async run() {
      const calls = Math.min(PEER_CALLS, Math.max(1, Math.floor(rowsPerRound / batch)));
      const { ms } = await peer.ask({ do: "score", batch, calls });
      return ms * 1e6 / (calls * batch);
    },
  }));
}

async function measure(
  it: Case,
  peers: ReadonlyMap<string, Peer | { missing: string }>,
  options: { rounds: number; rows: number; folder: string },
  findings: Findings,
): Promise<void> {
  const { nFeatures, maxSamples } = it;
  const rows = sampleRows(it);
  await Deno.writeFile(`${options.folder}/rows.f32`, new Uint8Array(rows.buffer));
  const present = [...peers.values()].filter((peer) => "ask" in peer);
  for (const peer of present) {
    await peer.ask({ do: "load", rows: `${options.folder}/rows.f32`, columns: nFeatures });
    await peer.ask({ do: "fit", trees: N_ESTIMATORS, samples: maxSamples, seed: 1 });
  }
  const sklearn = peers.get("scikit-learn");
  const fitted = sklearn && "ask" in sklearn ? await forestOf(sklearn, options.folder) : undefined;
  const forest = fitted?.forest ??
    trainForest({ rows, nFeatures }, { nEstimators: N_ESTIMATORS, maxSamples, randomSeed: 1 });
  using scorer = await createScorer(forest);
  const difference = fitted && assertEqualScores(scorer.score(rows), fitted.scores);
  const explainer = createExplainer(forest);
  const out = new Float64Array(ROWS);
  const part = (first: number, count: number) =>
    rows.subarray(first * nFeatures, (first + count) * nFeatures);
  const contenders = [
    ...ourContenders([
      ["edgewood", BATCHES, (first, batch) => scorer.score(part(first, batch), batch, out)],
      ["typescript", [1, 1024], (first, batch) => referenceScore(forest, part(first, batch), out)],
      ["reasons", [1], (first) => explainer.explain(part(first, 1))],
    ], options.rows),
    ...present.flatMap((peer) => peerContenders(peer, options.rows)),
  ];
  const spreads = await interleave(contenders.map(({ run }) => run), { rounds: options.rounds, warmUps: 2 });
  const lines = contenders.map(({ scorer, batch }, i): Line => ({
    what: { scorer, batch },
    figure: spreads[i],
  }));
  for (const [scorer, peer] of peers) {
    if ("missing" in peer) lines.push({ what: { scorer, batch: 0 }, figure: peer });
  }
  findings.table({
    title: `scoring, ${it.values} values, ${nFeatures} features, ${N_ESTIMATORS} trees x ${maxSamples}`,
    unit: "ns/row",
    lines,
    note: difference === undefined
      ? "without scikit-learn: scores were not compared"
      : `largest difference to scikit-learn's scores, ${ROWS} rows: ${difference.toExponential(1)}`,
  });
  addGoals(it, contenders, spreads, findings);
}

/** The ratios to each peer at the batch that suits it best, and the time of one row. */
function addGoals(
  it: Case,
  contenders: readonly Contender[],
  spreads: readonly Spread[],
  findings: Findings,
): void {
  const spreadOf = (name: string, fits: (batch: number) => boolean) =>
    contenders.map(({ scorer, batch }, i) => ({ scorer, batch, spread: spreads[i] }))
      .filter(({ scorer, batch }) => scorer.startsWith(name) && fits(batch))
      .toSorted((a, b) => a.spread.median - b.spread.median)[0]?.spread;
  const title = `${it.nFeatures} features, ${N_ESTIMATORS} x ${it.maxSamples}, ${it.values}`;
  const compare = (name: string, must: number, where: string, fits: (batch: number) => boolean) => {
    const [theirs, ours] = [spreadOf(name, fits), spreadOf("edgewood", fits)];
    if (theirs === undefined || ours === undefined) return;
    const what = `scoring ${where}, ${title}, over ${name}`;
    findings.goal(what, ratioOf(theirs, ours), "at least", must, "×");
  };
  compare("scikit-learn", 6, "at its best batch", (batch) => batch >= 1024);
  compare("coniferest", 5, "at its best batch", (batch) => batch >= 1024);
  compare("coniferest", 10, "one row", (batch) => batch === 1);
  const oneRow = spreadOf("edgewood", (batch) => batch === 1)!.median / 1000;
  findings.goal(`scoring one row, ${title}`, oneRow, "at most", 2, "µs");
}

export const scorerBenchCommand = benchCommand({
  name: "scorer",
  description: "Measure the scorer: nanoseconds a row by batch size, columns and size of the trees.",
  sizes: {
    rounds: { what: "rounds a figure is the median of", full: 9, quick: 1 },
    records: { what: "rows at least that a round scores at one batch size", full: 16384, quick: 1024 },
  },
  options: (command) => command.option("--no-peers", "leave the other libraries out"),
}, async ({ rounds, records, ...flags }: { rounds: number; records: number; peers?: boolean }, findings) => {
  await using closing = new AsyncDisposableStack();
  const peers = new Map<string, Peer | { missing: string }>();
  for (const name of PEERS) {
    const peer = flags.peers === false ? { missing: "left out" } : await openPeer(name);
    if ("ask" in peer) closing.use(peer);
    peers.set(name, peer);
  }
  const { path: folder } = closing.use(await makeFolder());
  for (const values of ["normal", "floor"] as const) {
    for (const nFeatures of [6, 30]) {
      for (const maxSamples of [256, 1024]) {
        await measure({ values, nFeatures, maxSamples }, peers, { rounds, rows: records, folder }, findings);
      }
    }
  }
});

if (import.meta.main) await runAsProgram(scorerBenchCommand);

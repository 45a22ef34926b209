/**
 * Measures training: the fit alone beside scikit-learn and isotree, and the command from a CSV file to a model folder.
 *
 * @module
 */
import { Random } from "../../src/training/random.ts";
import { trainForest } from "../../src/training/train.ts";
import { runAsProgram } from "../cli/run_command.ts";
import { openPeer } from "./peers/open_peer.ts";
import { benchCommand, type Findings } from "./report/bench_command.ts";
import { interleave } from "./report/interleave.ts";
import type { Line } from "./report/report.ts";
import { ratioOf } from "./report/spread.ts";
import { makeFolder } from "./runs/make_folder.ts";

const N_FEATURES = 6;
const FOREST = { nEstimators: 100, maxSamples: 256 };
const PEERS = ["scikit-learn", "isotree"] as const;
/** The smaller of both tables has this part of the rows. */
const SMALLER = 10;
const CSV_ROUNDS = 3;

interface Flags {
  rounds: number;
  records: number;
  peers?: boolean;
}

/** Something that fits; a run returns milliseconds. */
interface Contender {
  trainer: string;
  fit(): number | Promise<number>;
}

function randomRows(n: number): Float32Array<ArrayBuffer> {
  const random = new Random(1);
  return Float32Array.from({ length: n * N_FEATURES }, () => random.float() + random.float());
}

function ourFit(rows: Float32Array): Contender {
  let randomSeed = 0;
  return {
    trainer: "edgewood",
    fit() {
      const startedMs = performance.now();
      trainForest({ rows, nFeatures: N_FEATURES }, { ...FOREST, randomSeed: randomSeed++ });
      return performance.now() - startedMs;
    },
  };
}

/** The fit alone, everybody on the same rows in memory and on one core. */
async function measureFit(n: number, flags: Flags, folder: string, findings: Findings): Promise<void> {
  await using closing = new AsyncDisposableStack();
  const rows = randomRows(n);
  const path = `${folder}/rows.f32`;
  await Deno.writeFile(path, new Uint8Array(rows.buffer));
  const contenders = [ourFit(rows)];
  const absent: Line[] = [];
  for (const trainer of PEERS) {
    const peer = flags.peers === false ? { missing: "left out" } : await openPeer(trainer);
    if ("missing" in peer) {
      absent.push({ what: { trainer, rows: n }, figure: peer });
      continue;
    }
    closing.use(peer);
    await peer.ask({ do: "load", rows: path, columns: N_FEATURES });
    let seed = 0;
    const fit = async () =>
      (await peer.ask({ do: "fit", trees: FOREST.nEstimators, samples: FOREST.maxSamples, seed: seed++ })).ms;
    contenders.push({ trainer: peer.name, fit });
  }
  const spreads = await interleave(contenders.map(({ fit }) => fit), { rounds: flags.rounds, warmUps: 2 });
  findings.table({
    title: `fitting ${FOREST.nEstimators} trees x ${FOREST.maxSamples} on ${N_FEATURES} columns in memory`,
    unit: "ms",
    digits: 1,
    lines: [
      ...contenders.map(({ trainer }, i) => ({ what: { trainer, rows: n }, figure: spreads[i] })),
      ...absent,
    ],
  });
  for (const [i, { trainer }] of contenders.entries()) {
    const isScikitLearn = trainer.startsWith("scikit-learn");
    if (i === 0 || n < flags.records) continue;
    const reached = ratioOf(spreads[i], spreads[0]);
    findings.goal(`fitting ${n} rows, over ${trainer}`, reached, "at least", isScikitLearn ? 20 : 1, "×");
  }
}

/** The command `train` from a CSV file to a model folder. */
function wholeCommand(directory: string): () => Promise<number> {
  const script = new URL("../commands/train.ts", import.meta.url).pathname;
  const args = ["run", "--no-check", "--allow-read", "--allow-write", "--allow-env", script];
  args.push("--input", `${directory}/rows.csv`, "--out", `${directory}/model`, "--quiet");
  return async () => {
    const startedMs = performance.now();
    const { success, stderr } = await new Deno.Command("deno", { args, stdout: "null" }).output();
    if (!success) {
      throw new Error(`Cannot time train as it must succeed: ${new TextDecoder().decode(stderr).trim()}`);
    }
    return performance.now() - startedMs;
  };
}

async function writeCsv(path: string, rows: Float32Array): Promise<void> {
  const file = await Deno.open(path, { write: true, create: true, truncate: true });
  const writer = file.writable.getWriter();
  const encoder = new TextEncoder();
  let text = "a,b,c,d,e,f\n";
  for (let at = 0; at < rows.length; at += N_FEATURES) {
    text += Array.from(rows.subarray(at, at + N_FEATURES), (value) => value.toFixed(5)).join() + "\n";
    if (text.length > 1 << 20) {
      await writer.write(encoder.encode(text));
      text = "";
    }
  }
  await writer.write(encoder.encode(text));
  // Also flushes the last part and closes the file.
  await writer.close();
}

export const trainBenchCommand = benchCommand({
  name: "train",
  description: "Measure training: 100 trees of 256 rows with 6 columns, in memory and from a CSV file.",
  sizes: {
    rounds: { what: "rounds a figure is the median of", full: 9, quick: 1 },
    records: { what: "rows of the larger table", full: 1_000_000, quick: 20_000 },
  },
  options: (command) => command.option("--no-peers", "leave the other libraries out"),
}, async (flags: Flags, findings) => {
  await using folder = await makeFolder();
  const smaller = Math.max(FOREST.maxSamples, Math.ceil(flags.records / SMALLER));
  for (const n of [smaller, flags.records]) await measureFit(n, flags, folder.path, findings);
  await writeCsv(`${folder.path}/rows.csv`, randomRows(flags.records));
  const rounds = Math.min(flags.rounds, CSV_ROUNDS);
  const [spread] = await interleave([wholeCommand(folder.path)], { rounds });
  findings.table({
    title: "the whole command, from a CSV file to a model folder",
    unit: "ms",
    lines: [{ what: { trainer: "edgewood", rows: flags.records }, figure: spread }],
  });
});

if (import.meta.main) await runAsProgram(trainBenchCommand);

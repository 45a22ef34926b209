/**
 * Measures training: the fit alone on rows in memory, beside scikit-learn's where Python has it, and the whole command from
 * a CSV file to a model folder.
 *
 * Every figure is the median of rounds that take each contender in turn, with their range.
 *
 * @module
 */
import { Command } from "commander";
import { Random } from "../../src/forest/random.ts";
import { trainForest } from "../../src/forest/train.ts";
import { wholeNumber } from "../option_values.ts";
import { runAsProgram } from "../run_command.ts";

const N_FEATURES = 6;
const FIT_ROWS = [100_000, 1_000_000];

/** One line of the table: milliseconds. */
interface Measurement {
  what: string;
  contender: string;
  rows: number;
  median: number;
  fastest: number;
  slowest: number;
}

interface Flags {
  rounds: number;
  rows: number;
  python: string;
  json?: string;
}

/** Something whose time is taken: it returns milliseconds. */
interface Contender {
  name: string;
  time(): Promise<number>;
  close(): Promise<void>;
}

/** Reads float32 rows, fits once for every line it is sent, and answers with milliseconds. */
const PEER = `
import sys, time
import numpy as np
from sklearn.ensemble import IsolationForest
import sklearn
rows = np.fromfile(sys.argv[1], dtype=np.float32).reshape(-1, int(sys.argv[2]))
print(sklearn.__version__, flush=True)
for seed, _ in enumerate(sys.stdin):
    model = IsolationForest(n_estimators=100, max_samples=256, random_state=seed)
    start = time.perf_counter()
    model.fit(rows)
    print(1000 * (time.perf_counter() - start), flush=True)
`;

function randomRows(n: number): Float32Array<ArrayBuffer> {
  const random = new Random(1);
  return Float32Array.from({ length: n * N_FEATURES }, () => random.float() + random.float());
}

function ourFit(rows: Float32Array): Contender {
  let randomSeed = 0;
  return {
    name: "edgewood",
    time() {
      const startedMs = performance.now();
      trainForest({ rows, nFeatures: N_FEATURES }, { randomSeed: randomSeed++ });
      return Promise.resolve(performance.now() - startedMs);
    },
    close: () => Promise.resolve(),
  };
}

/** scikit-learn in a process of its own; undefined where Python or scikit-learn is absent. */
async function peerFit(python: string, rowsPath: string): Promise<Contender | undefined> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(python, {
      args: ["-c", PEER, rowsPath, String(N_FEATURES)],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const writer = child.stdin.getWriter();
  let text = "";
  const line = async (): Promise<string | undefined> => {
    while (!text.includes("\n")) {
      const { value, done } = await lines.read();
      if (done) return undefined;
      text += value;
    }
    const end = text.indexOf("\n");
    const first = text.slice(0, end);
    text = text.slice(end + 1);
    return first;
  };
  const version = await line();
  if (version === undefined) {
    await child.status;
    return undefined;
  }
  return {
    name: `scikit-learn ${version}`,
    async time() {
      await writer.write(new TextEncoder().encode("fit\n"));
      const answer = Number(await line());
      if (Number.isFinite(answer)) return answer;
      throw new Error(
        `Cannot time scikit-learn as it must answer with milliseconds: current value is ${answer}`,
      );
    },
    async close() {
      await writer.close();
      await child.status;
    },
  };
}

/** The command `train` from a CSV file to a model folder, in a process of its own. */
function wholeCommand(directory: string): Contender {
  const script = new URL("../train.ts", import.meta.url).pathname;
  const args = ["run", "--no-check", "--allow-read", "--allow-write", "--allow-env", script];
  args.push("--input", `${directory}/rows.csv`, "--out", `${directory}/model`, "--quiet");
  return {
    name: "edgewood",
    async time() {
      const startedMs = performance.now();
      const { success, stderr } = await new Deno.Command(Deno.execPath(), {
        args,
        stdout: "null",
        stderr: "piped",
      })
        .output();
      if (!success) {
        throw new Error(`Cannot time train as it must succeed: ${new TextDecoder().decode(stderr).trim()}`);
      }
      return performance.now() - startedMs;
    },
    close: () => Promise.resolve(),
  };
}

async function writeCsv(path: string, rows: Float32Array): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
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
}

/** Times each contender once a round; the first round warms up and is not counted. */
async function measure(
  what: string,
  rows: number,
  rounds: number,
  contenders: Contender[],
): Promise<Measurement[]> {
  const times: number[][] = contenders.map(() => []);
  for (let round = -1; round < rounds; round++) {
    for (const [i, contender] of contenders.entries()) {
      const time = await contender.time();
      if (round >= 0) times[i].push(time);
    }
  }
  return contenders.map(({ name: contender }, i) => {
    const sorted = times[i].sort((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)];
    return { what, contender, rows, median, fastest: sorted[0], slowest: sorted[sorted.length - 1] };
  });
}

async function bench(flags: Flags): Promise<void> {
  const directory = await Deno.makeTempDir();
  const results: Measurement[] = [];
  try {
    for (const n of FIT_ROWS) {
      const rows = randomRows(n);
      const path = `${directory}/rows.f32`;
      await Deno.writeFile(path, new Uint8Array(rows.buffer));
      const peer = await peerFit(flags.python, path);
      if (!peer) console.error(`note: ${flags.python} with scikit-learn is not there, so there is no peer`);
      const contenders = peer ? [ourFit(rows), peer] : [ourFit(rows)];
      try {
        results.push(...await measure("fit alone", n, flags.rounds, contenders));
      } finally {
        for (const contender of contenders) await contender.close();
      }
    }
    await writeCsv(`${directory}/rows.csv`, randomRows(flags.rows));
    results.push(
      ...await measure("CSV to model", flags.rows, Math.min(flags.rounds, 3), [wholeCommand(directory)]),
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
  console.table(Object.fromEntries(results.map((result, i) => [i + 1, {
    what: result.what,
    contender: result.contender,
    rows: result.rows,
    "median ms": Number(result.median.toFixed(1)),
    "range ms": `${result.fastest.toFixed(1)} to ${result.slowest.toFixed(1)}`,
    "rows/s": Math.round(result.rows / result.median * 1000),
  }])));
  for (const peer of results.filter((result) => result.contender !== "edgewood")) {
    const ours = results.find((result) => result.rows === peer.rows && result.what === peer.what);
    console.log(
      `fit of ${peer.rows} rows: ${(peer.median / ours!.median).toFixed(1)} times ${peer.contender}`,
    );
  }
  if (flags.json) {
    await Deno.writeTextFile(flags.json, `${JSON.stringify({ benchmark: "train", results }, null, 2)}\n`);
  }
}

/** The command `bench train`. */
export const trainBenchCommand: Command = new Command("train")
  .description("Measure training: 100 trees of 256 rows with 6 features, in memory and from a CSV file.")
  .option("--rounds <n>", "rounds to take the median of", wholeNumber(1, 1000), 7)
  .option("--rows <n>", "rows of the CSV file", wholeNumber(1), 1_000_000)
  .option("--python <path>", "Python that may have scikit-learn", "python3")
  .option("--json <file>", "write the figures here too")
  .action(bench);

if (import.meta.main) await runAsProgram(trainBenchCommand);

/** Runs train, score and evaluate as whole commands, each in a process of its own. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../../src/testing/assert.ts";

const SCRIPTS = new URL("./", import.meta.url).pathname;

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

async function run(task: string, args: string[], stdin?: string | Uint8Array): Promise<Outcome> {
  const permissions = ["--allow-read", "--allow-write", "--allow-env"];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", ...permissions, `${SCRIPTS}${task}.ts`, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const output = child.output();
  try {
    if (stdin !== undefined) {
      await writer.write(typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin);
    }
    await writer.close();
  } catch (error) {
    // A command that refuses its options ends without reading.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
  const { code, stdout, stderr } = await output;
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

async function withFolder(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await use(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** 1,000 rows of city, amount, hour, fraud, of which the last 10 are far from the others. */
function exampleCsv(): string {
  const lines = Array.from({ length: 1000 }, (_, i) => {
    const fraud = i >= 990;
    return `c${i % 7},${fraud ? 400 + i : (i * 37) % 100},${fraud ? 3 : 8 + i % 12},${fraud ? 1 : 0}`;
  });
  return `city,amount,hour,fraud\n${lines.join("\n")}\n`;
}

Deno.test("train, then score: files, flags, notes and the same bytes again", async () => {
  await withFolder(async (directory) => {
    const input = `${directory}/in.csv`;
    await Deno.writeTextFile(input, exampleCsv());
    const train = (out: string, ...more: string[]) =>
      run("train", ["--input", input, "--label", "fraud", "--out", `${directory}/${out}`, ...more]);
    const first = await train("a", "--seed", "3");
    assertEquals(first.code, 0, first.stderr);
    assertStringIncludes(first.stderr, 'note: column "city" is left out: row 0 holds "c0"');
    assertStringIncludes(first.stdout, "features   2: amount, hour");
    await train("b", "--seed", "3", "--quiet");
    await train("c", "--seed", "4");
    const bytes = (name: string) => Deno.readFile(`${directory}/${name}`);
    for (const name of ["forest.json", "forest.bin", "README.md"]) {
      assertEquals(await bytes(`a/${name}`), await bytes(`b/${name}`), `${name} with the same seed`);
    }
    assert((await bytes("a/forest.bin")).join() !== (await bytes("c/forest.bin")).join(), "another seed");

    const output = `${directory}/scores.csv`;
    const toFile = await run("score", ["--model", `${directory}/a`, "--input", input, "--output", output]);
    assertEquals([toFile.code, toFile.stdout], [0, ""], toFile.stderr);
    const toStdout = await run(
      "score",
      ["--model", `${directory}/a`, "--input", "-", "--output", "-"],
      exampleCsv(),
    );
    assertEquals(toStdout.stdout, await Deno.readTextFile(output));
    const lines = toStdout.stdout.trimEnd().split("\n");
    assertEquals([lines[0], lines.length], ["row,anomaly_score,flagged", 1001]);
    const flagged = lines.slice(1).filter((line) => line.endsWith(",1")).map((line) =>
      Number(line.split(",")[0])
    );
    assert(flagged.length > 0 && flagged.length <= 11 && flagged.every((row) => row >= 990), `${flagged}`);
    assertMatch(lines[1], /^0,0\.\d{10,},0$/);
  });
});

Deno.test("train: a column that is most likely numbers is read as told or is an error, and never left out", async () => {
  await withFolder(async (directory) => {
    const out = ["--out", `${directory}/m`];
    const rows = (cells: (i: number) => string) => Array.from({ length: 40 }, (_, i) => cells(i)).join("\n");
    const cases: [csv: string, args: string[], code: number, said: string][] = [
      [`id;"amount, EUR"\n${rows((i) => `${i};${i}.5`)}`, [], 0, "features   2: id, amount, EUR"],
      [
        `id;amount\n${rows((i) => `${i};${i},50`)}`,
        [],
        1,
        'current value is "0,50"; --decimal , reads it as 0.5',
      ],
      [`id;amount\n${rows((i) => `${i};${i},50`)}`, ["--decimal", ","], 0, "features   2: id, amount"],
      [`id,amount\n${rows((i) => `${i},"1,0${10 + i}.50"`)}`, [], 1, "--decimal . reads it as 1010.5"],
      [
        `id,amount\n${rows((i) => `${i},"1,0${10 + i}.50"`)}`,
        ["--decimal", "."],
        0,
        "features   2: id, amount",
      ],
      [
        `id,amount\n${rows((i) => `${i},${i ? i : "-nan"}`)}`,
        [],
        1,
        'column "amount" must be a number: current value is "-nan"',
      ],
      [
        `id,amount\n${rows((i) => `${i},${i ? i : "\\N"}`)}`,
        ["--skip-bad-rows"],
        0,
        "1 bad row was left out, 1 of them as a cell is missing",
      ],
      [
        `id,amount\n${rows((i) => `${i},${i % 3 ? i : "?"}`)}`,
        [],
        1,
        'row 0 column "amount" must be a number: current value is "?"',
      ],
      [`first, last;city\n${rows(() => "a, b;c")}`, [], 1, "give --delimiter"],
      [`a,b;c,d\n${rows((i) => `x,${i};y,${i}`)}`, ["--delimiter", "tab"], 2, "numeric column"],
      [
        `x,t\n${rows((i) => `${i},${1522540800 + 1e5 * i}`)}`,
        ["--timestamp", "t"],
        0,
        'column "t" is read as seconds: 2018-04-01 … 2018-05-16',
      ],
      [
        `x,t\n${rows((i) => `${i},2018-04-${10 + i % 20}`)}`,
        ["--timestamp", "t"],
        0,
        "read as UTC where no zone is named",
      ],
      [`x,t\n${rows((i) => `${i},0${1 + i % 9}/04/2018`)}`, ["--timestamp", "t"], 1, "either way round"],
      [
        `x,t\n${rows((i) => `${i},${i === 7 ? "2018-02-30" : "2018-02-28"}`)}`,
        ["--timestamp", "t"],
        1,
        'row 7 column "t" must be a time',
      ],
      [`x,t\n${rows((i) => `${i},${20180401 + i % 20}`)}`, ["--timestamp", "t"], 1, "a date without hyphens"],
      [
        `x,t\n${rows((i) => `${i},${20180401 + i % 20}`)}`,
        ["--timestamp", "t", "--time-unit", "ms"],
        0,
        "read as milliseconds: 1970-01-01",
      ],
    ];
    for (const [csv, args, code, said] of cases) {
      const { code: actual, stdout, stderr } = await run(
        "train",
        ["--input", "-", ...out, ...args],
        `${csv}\n`,
      );
      assertEquals(actual, code, `${csv.slice(0, 40)} ${args}: ${stderr}`);
      assertStringIncludes(stdout + stderr, said);
    }
    const { code, stderr } = await run("train", ["--decimal", ",", ...out]);
    assertEquals(code, 2);
    assertStringIncludes(stderr, "--decimal as it needs a file");
  });
});

Deno.test("train and score say what is wrong, with exit code 2 for usage and 1 for the rest", async () => {
  await withFolder(async (directory) => {
    const input = `${directory}/in.csv`;
    await Deno.writeTextFile(input, exampleCsv());
    const out = ["--out", `${directory}/m`];
    await run("train", ["--input", input, "--features", "amount,hour", ...out]);
    const model = ["--model", `${directory}/m`];
    const cases: [string, string[], string, number, string][] = [
      ["train", ["--input", input], "", 2, "--out <dir>"],
      ["train", ["--input", input, ...out, "--n-estimators", "0"], "", 2, "whole number from 1"],
      ["train", ["--input", input, ...out, "--contamination", "0.7"], "", 2, "above 0 and at most 0.5"],
      [
        "train",
        ["--input", input, ...out, "--contamination", ".1", "--alerts-per-day", "5"],
        "",
        2,
        "cannot be used",
      ],
      ["train", ["--input", input, ...out, "--alerts-per-day", "5"], "", 2, '"timestamp"'],
      ["train", ["--input", input, ...out, "--features", "amount,price"], "", 2, 'the column "price"'],
      ["train", ["--input", input, ...out, "--label", "is_fraud"], "", 2, 'the column "is_fraud"'],
      [
        "train",
        ["--input", input, ...out, "--label", "amount", "--features", "amount"],
        "",
        2,
        "must not be the label",
      ],
      ["train", ["--input", input, ...out, "--oops"], "", 2, "unknown option"],
      [
        "train",
        ["--input", input, ...out, "--features", "city"],
        "",
        1,
        'row 0 column "city" must be a number',
      ],
      ["train", ["--input", "absent.csv", ...out], "", 1, "absent.csv: no such file"],
      ["train", ["--input", "-", ...out], "", 1, "an empty file"],
      ["train", ["--input", "-", ...out], "a,b\n", 1, "there must be a row"],
      [
        "train",
        ["--input", "-", ...out],
        "a\nx\n",
        2,
        'numeric column besides label and time: current value is "a"',
      ],
      ["train", ["--input", "-", ...out], "a,b\n1,2\n3,\n", 1, 'row 1 column "b" must be a number'],
      [
        "train",
        ["--from-sklearn", input, ...out],
        "",
        1,
        "must be JSON as scripts/sklearn_to_json.py writes it",
      ],
      ["train", ["--from-sklearn", "absent.json", ...out], "", 1, "absent.json: no such file"],
      ["score", [...model, "--input", "-", "--output", "-"], "amount\n5\n", 2, 'the column "hour"'],
      ["score", [...model, "--input", "-", "--output", "-"], "amount,hour\n5,x\n", 1, 'row 0 column "hour"'],
      [
        "score",
        [...model, "--input", "-", "--output", `${directory}/none/x.csv`],
        "amount,hour\n5,1\n",
        1,
        "Cannot write",
      ],
      [
        "score",
        ["--model", "absent", "--input", input, "--output", "-"],
        "",
        1,
        "there is no forest.json",
      ],
      ["evaluate", ["--input", input], "", 2, "--label COLUMN must be given"],
      ["evaluate", ["--input", input, "--label", "hour"], "", 1, 'column "hour" must be 0, 1, true or false'],
      ["evaluate", ["--input", "-", "--label", "l"], "a,l\n1,0\n2,0\n", 1, "label 1 must be there"],
    ];
    const outcomes = [];
    for (const [task, args, stdin, code, message] of cases) {
      const { code: found, stderr, stdout } = await run(task, [...args, "--quiet"], stdin);
      outcomes.push(stderr);
      assertEquals(found, code, `${task} ${args.join(" ")}: ${stderr}`);
      assertStringIncludes(stderr, message);
      assert(/^error: /m.test(stderr) && !stderr.includes("    at "), `one line and no stack: ${stderr}`);
      assert(task !== "score" || stdout === "" || stdout === "row,anomaly_score,flagged\n", stdout);
    }
    const verbose = await run("train", ["--input", "absent.csv", ...out, "--verbose"]);
    assertStringIncludes(verbose.stderr, "    at ");
    for (const task of ["train", "score", "evaluate"]) {
      const help = await run(task, ["--help"]);
      assertEquals([help.code, help.stderr], [0, ""]);
      assertStringIncludes(help.stdout, "--input <file>");
    }
  });
});

Deno.test("train notes few rows and leaves bad ones out when told", async () => {
  await withFolder(async (directory) => {
    const args = ["--input", "-", "--out", `${directory}/m`, "--skip-bad-rows"];
    const { code, stderr, stdout } = await run("train", args, "a,b\n1,2\n3,\n5,1\n7,8,9\n");
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, "note: 2 bad rows were left out");
    assertStringIncludes(stderr, "there are only 2 rows");
    assertStringIncludes(stdout, "100 trees of 2 rows, from 2 rows");
    const score = await run(
      "score",
      ["--model", `${directory}/m`, "--input", "-", "--output", "-", "--skip-bad-rows"],
      "b,x,a\n1,,2\n,,\n3,,4\n",
    );
    assertEquals(score.stdout.trimEnd().split("\n").map((line) => line.split(",")[0]), ["row", "0", "2"]);
    const empty = await run("score", ["--model", `${directory}/m`, "--input", "-", "--output", "-"], "a,b\n");
    assertEquals([empty.code, empty.stdout], [0, "row,anomaly_score,flagged\n"], empty.stderr);
  });
});

Deno.test("train --from-sklearn, then score, gives the golden scores", async () => {
  await withFolder(async (directory) => {
    const golden = JSON.parse(
      await Deno.readTextFile(new URL("../../src/forest/testdata/sklearn_plain.json", import.meta.url)),
    );
    await Deno.writeTextFile(`${directory}/forest.json`, JSON.stringify(golden.forest));
    const args = ["--from-sklearn", `${directory}/forest.json`, "--out", `${directory}/m`];
    const trained = await run("train", args);
    assertEquals(trained.code, 0, trained.stderr);
    const csv = `weekday,amount,hour\n${
      golden.rows.map(([a, h, w]: number[]) => [w, a, h].join()).join("\n")
    }\n`;
    const scored = await run("score", ["--model", `${directory}/m`, "--input", "-", "--output", "-"], csv);
    const found = scored.stdout.trimEnd().split("\n").slice(1).map((line) => Number(line.split(",")[1]));
    assertEquals(found.length, golden.anomaly_scores.length);
    found.forEach((score, row) => assert(Math.abs(score - golden.anomaly_scores[row]) < 1e-12, `row ${row}`));
  });
});

Deno.test("evaluate --json prints one object with auc, ap and their standard deviations", async () => {
  const { code, stdout, stderr } = await run(
    "evaluate",
    ["--input", "-", "--label", "fraud", "--seeds", "3", "--json"],
    exampleCsv(),
  );
  assertEquals(code, 0, stderr);
  const result = JSON.parse(stdout);
  assert(
    result.auc > 0.99 && result.auc <= 1 && result.auc_sd >= 0 && result.ap > 0.9 && result.ap_sd >= 0,
    stdout,
  );
  assertEquals([result.seeds, result.rows, result.positives], [3, 1000, 10]);
  assertEquals(result.features, ["amount", "hour"]);
});

Deno.test("evaluate --protocol says what is wrong, with exit code 2 for usage and 1 for the rest", async () => {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/two-days.csv`;
  const header = "transaction_id,timestamp,customer_id,terminal_id,amount,is_fraud,scenario\n";
  await Deno.writeTextFile(
    file,
    `${header}1,2018-04-01T10:00:00Z,c,m,5,0,0\n2,2018-04-02T10:00:00Z,c,m,5,1,2\n`,
  );
  await Deno.writeTextFile(`${folder}/empty.csv`, "");
  await Deno.writeTextFile(
    `${folder}/columns.csv`,
    "transaction_id,timestamp,amount\n1,2018-04-01T10:00:00Z,5\n",
  );
  const protocol = ["--protocol", "handbook", "--quiet"];
  const start = ["--start", "2018-04-01"];
  for (
    const [args, expected, message] of [
      [[...protocol, "--input", file], 2, "--start YYYY-MM-DD must be given"],
      [[...protocol, "--input", file, "--start", "2018-02-31"], 2, "must be a day"],
      [[...protocol, "--input", file, ...start, "--features", "shoe_size"], 2, "shoe_size"],
      [[...protocol, "--input", file, ...start, "--label", "is_fraud"], 2, "--label"],
      [["--input", file, "--label", "is_fraud", ...start], 2, "--start"],
      [[...protocol, "--input", file, ...start], 1, "2018-04-03 has none"],
      [[...protocol, "--input", `${folder}/empty.csv`, ...start], 1, "an empty file"],
      [[...protocol, "--input", `${folder}/columns.csv`, ...start], 1, "customer_id must be text"],
      [[...protocol, "--input", `${folder}/none.csv`, ...start], 1, "no such file"],
      // Before it finds that a day has none.
      [[...protocol, "--input", file, ...start, "--report", `${folder}/none/page.html`], 1, "Cannot write"],
    ] as const
  ) {
    const { code, stdout, stderr } = await run("evaluate", [...args]);
    assertEquals([code, stdout], [expected, ""], `${args.join(" ")}: ${stderr}`);
    assertStringIncludes(stderr, message);
  }
  await Deno.remove(folder, { recursive: true });
});

import { assert, assertEquals, assertThrows } from "../../../src/testing/assert.ts";
import { runCommand } from "../../cli/run_command.ts";
import { benchCommand } from "./bench_command.ts";
import { cellsOf, goalText, isReached, type Report, textOf } from "./report.ts";
import { ratioOf, spreadOf } from "./spread.ts";

const sizes = {
  rounds: { what: "rounds", full: 7, quick: 2 },
  records: { what: "records", full: 1000, quick: 10 },
};

/** Runs a command that notes the sizes it was given, and returns them with the report that it wrote. */
async function run(...args: string[]): Promise<{ given: Record<string, number>; report: Report }> {
  const folder = await Deno.makeTempDir();
  let given: Record<string, number> = {};
  const command = benchCommand<Record<string, number>>(
    { name: "nothing", description: "Measure nothing.", sizes },
    ({ rounds, records }, findings) => {
      given = { rounds, records };
      findings.table({ title: "t", unit: "s", lines: [{ what: { a: 1 }, figure: spreadOf([2]) }] });
      findings.goal("g", 3, "at least", 2, "×");
    },
  );
  assertEquals(await runCommand(command, [...args, "--json", `${folder}/r.json`]), 0);
  const report = JSON.parse(await Deno.readTextFile(`${folder}/r.json`));
  await Deno.remove(folder, { recursive: true });
  return { given, report };
}

Deno.test("benchCommand() has small sizes with --quick, and a flag wins", async () => {
  assertEquals((await run()).given, { rounds: 7, records: 1000 });
  assertEquals((await run("--quick")).given, { rounds: 2, records: 10 });
  assertEquals((await run("--quick", "--rounds", "3")).given, { rounds: 3, records: 10 });
});

Deno.test("benchCommand() writes all that was found, the machine and the sizes", async () => {
  const { report } = await run("--quick");
  assertEquals(report.bench, "nothing");
  assertEquals(report.sizes, { rounds: 2, records: 10 });
  assert(report.machine.cores >= 1 && report.machine.deno === Deno.version.deno);
  assertEquals(report.tables[0].lines[0].figure, { median: 2, least: 2, most: 2, values: [2] });
  assertEquals(report.goals[0].reached, 3);
});

Deno.test("cellsOf() says why a figure is missing", () => {
  const lines = [
    { what: { by: "us", rows: 1000 }, figure: spreadOf([1.25]) },
    { what: { by: "them", rows: 1000 }, figure: { missing: "no Python" } },
  ];
  const table = { title: "reading", unit: "ms", digits: 2, lines };
  assertEquals(cellsOf(table).slice(1), [
    ["us", "1,000", "1.25", "1.25 to 1.25", "1"],
    ["them", "1,000", "-", "no Python", "0"],
  ]);
  assert(textOf(table).startsWith("reading\nby"));
});

Deno.test("goalText() compares with the bound on its side", () => {
  const goal = { what: "speed", reached: 5, must: 5, bound: "at least", unit: "×" } as const;
  assert(isReached(goal) && isReached({ ...goal, bound: "at most" }));
  assert(!isReached({ ...goal, reached: 4.9 }) && !isReached({ ...goal, reached: 5.1, bound: "at most" }));
  assertEquals(goalText({ ...goal, reached: 4.9 }), "MISSED   speed: 4.90 ×, must be at least 5.00 ×");
});

Deno.test("ratioOf() takes the rounds one by one", () => {
  // The second round was slow for both.
  assertEquals(ratioOf(spreadOf([10, 100, 10]), spreadOf([5, 50, 5])), 2);
  assertThrows(() => ratioOf(spreadOf([1]), spreadOf([1, 2])), RangeError, "the same rounds");
  assertThrows(() => spreadOf([1, NaN]), RangeError, "finite values");
  assertThrows(() => spreadOf([]), RangeError, "finite values");
});

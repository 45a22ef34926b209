import { assert, assertEquals } from "../../src/testing/assert.ts";
import { startDeno } from "../../src/testing/process.ts";
import { type Report } from "./report/report.ts";

/** Sizes that take a second or so; peers are left out, since installing them takes minutes. */
const SMALLEST: Readonly<Record<string, readonly string[]>> = {
  consume: ["--records", "300"],
  decode: ["--records", "64"],
  features: ["--records", "300"],
  growth: ["--records", "300"],
  http: ["--seconds", "1"],
  ledger: ["--records", "64"],
  scorer: ["--no-peers", "--records", "64"],
  simulate: ["--records", "64"],
  train: ["--records", "600", "--no-peers"],
};

for (const [name, flags] of Object.entries(SMALLEST)) {
  Deno.test(`bench ${name} runs under its own permissions and reports figures`, async () => {
    const folder = await Deno.makeTempDir();
    const args = [name, "--quick", "--rounds", "1", "--json", folder, ...flags];
    await using process = startDeno("scripts/dev/bench.ts", args, { permissions: ["--allow-all"] });
    const { code, stdout, stderr } = await process.ended({ timeoutMs: 300_000 });
    assertEquals(code, 0, stderr);
    const report: Report = JSON.parse(await Deno.readTextFile(`${folder}/${name}.json`));
    await Deno.remove(folder, { recursive: true });
    assertEquals([report.bench, report.sizes.rounds], [name, 1]);
    assert(stdout.includes(report.machine.cpu), "the machine must be named");
    assert(report.tables.length > 0 && report.tables.every(({ lines }) => lines.length > 0));
    for (const { title, lines } of report.tables) {
      assert(stdout.includes(title), `"${title}" must be printed`);
      for (const { what, figure } of lines) {
        // Of so few records none need be flagged (growth), and memory may as well become less (features).
        const isPositive = name !== "growth" && name !== "features";
        assert(
          "missing" in figure ||
            figure.least <= figure.median && figure.median <= figure.most &&
              (figure.least > 0 || !isPositive),
          `${title}: ${JSON.stringify({ what, figure })}`,
        );
      }
    }
    assert(report.goals.every(({ reached }) => Number.isFinite(reached)));
  });
}

Deno.test("bench refuses a measurement that there is not, and names those that there are", async () => {
  await using process = startDeno("scripts/dev/bench.ts", ["nothing"], { permissions: ["--allow-all"] });
  const { code, stderr } = await process.ended({ timeoutMs: 60_000 });
  assertEquals(code, 2);
  for (const name of [...Object.keys(SMALLEST), "pipeline", "latency"]) assert(stderr.includes(name), name);
});

import { assert, assertEquals, assertMatch } from "../../src/testing/assert.ts";
import { runDeno } from "../../src/testing/process.ts";

Deno.test("measured writes a page from each report that bench left, an index, and takes old pages away", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [reports, out] = [`${folder}/reports`, `${folder}/pages`];
    await Deno.mkdir(out);
    await Deno.writeTextFile(`${out}/gone.md`, "");
    const permissions = ["--allow-all"];
    const bench = await runDeno("scripts/dev/bench.ts", ["decode", "--quick", "--json", reports], {
      permissions,
    });
    assertEquals(bench.code, 0, bench.stderr);
    const faults = {
      ...{ bench: "faults", startedAt: "2026-12-01T00:00:00Z", version: "1.2.3", seed: 7, quick: false },
      machine: JSON.parse(await Deno.readTextFile(`${reports}/decode.json`)).machine,
      contracts: true,
      rows: [
        {
          row: "kill",
          client: "kafkajs",
          records: 10,
          lost: 0,
          doubled: 0,
          alertsRepeated: 2,
          recoveryS: 1.25,
        },
        {
          row: "disk-full",
          client: "embedded",
          records: 10,
          lost: 1,
          doubled: 0,
          alertsRepeated: 0,
          recoveryS: NaN,
        },
      ].map((row) => ({ ...row, peakRssMb: 100, tookS: 1, ok: row.lost === 0, problems: [] })),
    };
    await Deno.writeTextFile(`${reports}/faults.json`, JSON.stringify(faults));
    const { code, stdout, stderr } = await runDeno("scripts/dev/measured.ts", [reports, "--out", out], {
      permissions: [
        `--allow-read=${folder}`,
        `--allow-write=${out}`,
        "--allow-env=NO_COLOR,FORCE_COLOR,CLICOLOR_FORCE",
      ],
    });
    assertEquals([code, stdout], [0, `wrote 3 pages to ${out}\n`], stderr);
    const names = [...Deno.readDirSync(out)].map(({ name }) => name).sort();
    assertEquals(names, ["README.md", "decode.md", "faults.md"]);
    const [index, decode, matrix] = names.map((name) => Deno.readTextFileSync(`${out}/${name}`));
    assertMatch(index, /\[decode\]\(decode\.md\).*quick: no result/);
    assertMatch(decode, /quick run: .*none is a result/);
    assertMatch(decode, /\| .*rounds \|/);
    assertMatch(matrix, /2 rows, 1 failed; the contract suites passed/);
    assertMatch(matrix, /\| disk-full \| embedded \| 10 \| 1 \|.*\*\*failed\*\*/);
    const prose = [index, decode, matrix].join("\n").split("\n").filter((line) => !/^[|-]/.test(line));
    assert(prose.every((line) => line.length <= 100 || line.startsWith("##")), prose.join("\n"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("measured refuses a folder without reports", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { code, stderr } = await runDeno("scripts/dev/measured.ts", [folder], {
      permissions: [`--allow-read=${folder}`, "--allow-env=NO_COLOR,FORCE_COLOR,CLICOLOR_FORCE"],
    });
    assertEquals(code, 1);
    assertMatch(stderr, /no reports; measure with --json/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

import { assert, assertEquals, assertStringIncludes } from "../../../src/testing/assert.ts";
import { type EndedProcess, runDeno } from "../../../src/testing/process.ts";
import { buildModule } from "../../dev/build.ts";
import { permissionsFor } from "../launch/permissions.ts";

await buildModule(new URL("../../../", import.meta.url));

async function run(command: string, ...args: string[]): Promise<EndedProcess> {
  return await runDeno(`scripts/commands/${command}.ts`, args, {
    permissions: permissionsFor(command, args, () => undefined),
  });
}

Deno.test("train --presume-legitimate-after is kept in the model, and changes its training", async () => {
  const folder = await Deno.makeTempDir();
  const rows = ["--count", "20000", "--n-estimators", "5", "--max-samples", "64", "--quiet"];
  const manifestOf = async (name: string, ...more: string[]) => {
    const { code, stderr } = await run("train", "--out", `${folder}/${name}`, ...rows, ...more);
    assertEquals(code, 0, stderr);
    return JSON.parse(await Deno.readTextFile(`${folder}/${name}/forest.json`));
  };
  const presuming = await manifestOf("a", "--presume-legitimate-after", "10d", "--max-transactions", "50000");
  const plain = await manifestOf("b");
  assertEquals([presuming.presumeLegitimateAfterMs, plain.presumeLegitimateAfterMs], [
    864_000_000,
    undefined,
  ]);
  const never = await manifestOf("c", "--presume-legitimate-after", "365d");
  const riskOf = ({ training }: typeof plain): number =>
    training.features.find(({ name }: { name: string }) => name === "terminal_risk_7d").mean;
  // Frauds alone are labelled, so without presumption all that is known of a terminal is fraud.
  assert(riskOf(never) > riskOf(presuming) * 1.2, `${riskOf(never)}, with presumption ${riskOf(presuming)}`);
  assert(riskOf(presuming) > 0);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("options of the feature state are refused where there is none, and where they are no number", async () => {
  for (
    const [command, ...args] of [
      ["train", "--out", "x", "--input", "absent.csv", "--max-keys", "5"],
      ["train", "--out", "x", "--input", "absent.csv", "--presume-legitimate-after", "5d"],
      ["evaluate", "--input", "absent.csv", "--label", "y", "--max-transactions", "5"],
      ["consume", "--presume-legitimate-after", "0d"],
      ["consume", "--max-transactions", "0"],
      ["train", "--out", "x", "--presume-legitimate-after", "soon"],
    ]
  ) {
    const { code, stderr } = await run(command, ...args);
    assertEquals(code, 2, `${command} ${args.join(" ")}: ${stderr}`);
    assertStringIncludes(stderr, args.findLast((arg) => arg.startsWith("--"))!);
  }
});

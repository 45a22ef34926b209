/** Runs train on a stream as a process, and looks at what it says of days to come. */
import type { HeldOut } from "../../src/forest/manifest.ts";
import { assert, assertEquals, assertStringIncludes } from "../../src/testing/assert.ts";
import { embeddedArgs, makeEmbeddedRun } from "../../src/testing/embedded_run.ts";
import { runDeno } from "../../src/testing/process.ts";
import { buildModule } from "../dev/build.ts";
import { permissionsFor } from "../cli/launch/permissions.ts";

await buildModule(new URL("../../", import.meta.url));

Deno.test("train --from-stream keeps what held-out days say in output, manifest and model card, or why it is not known", async () => {
  const folder = await Deno.makeTempDir();
  await makeEmbeddedRun(folder, { count: 8000 });
  const train = async (...more: string[]) => {
    const out = `${folder}/trained`;
    const args = [
      ...embeddedArgs(folder, ["stream"]),
      "--from-stream",
      "--warm-up",
      "8d",
      "--out",
      out,
      ...more,
    ];
    const { code, stdout, stderr } = await runDeno("scripts/commands/train.ts", args, {
      permissions: permissionsFor("train", args, () => undefined),
    });
    assertEquals(code, 0, stderr);
    const manifest = JSON.parse(await Deno.readTextFile(`${out}/forest.json`));
    return { stdout, training: manifest.training, card: await Deno.readTextFile(`${out}/README.md`) };
  };
  const known = await train("--alerts-per-day", "6");
  const held: HeldOut = known.training.heldOut;
  assert(held.days >= 3 && held.frauds > 0 && held.recall > 0, JSON.stringify(held));
  assert(held.flaggedPerDay > 2 && held.flaggedPerDay < 15, `${held.flaggedPerDay} flagged a day`);
  assertStringIncludes(known.stdout, `held out   the last ${held.days} days with labels`);
  assertStringIncludes(
    known.stdout,
    `precision ${held.precision.toFixed(3)}, recall ${held.recall.toFixed(3)}`,
  );
  assertStringIncludes(known.stdout, `card precision@100 ${held.cardPrecision100!.toFixed(3)}`);
  assertStringIncludes(known.card, `${held.recall.toFixed(3)} | ${held.cardPrecision100!.toFixed(3)}`);

  const unknown = await train("--label-topic", "nobody-labels");
  assertEquals([unknown.training.heldOut, unknown.training.notKnown], [undefined, "the rows have no labels"]);
  assertStringIncludes(unknown.stdout, "not known");
  assertStringIncludes(unknown.card, "are not known: the rows have no labels");
  await Deno.remove(folder, { recursive: true });
});
Deno.test("train says at once that its folder cannot be written", async () => {
  const file = await Deno.makeTempFile();
  const permissions = [`--allow-read=${file},build`, `--allow-write=${file}`, "--allow-env"];
  const args = ["--out", `${file}/model`, "--count", "100000000"];
  const { code, stderr } = await runDeno("scripts/commands/train.ts", args, { permissions });
  assertEquals(code, 1);
  assertStringIncludes(stderr, `error: Cannot save the model as "${file}/model" must be a folder`);
  await Deno.remove(file);
});

Deno.test("train says that the warm-up took every transaction", async () => {
  const folder = await Deno.makeTempDir();
  const args = ["--count", "2000", "--warm-up", "300d", "--out", `${folder}/model`, "--quiet"];
  const { code, stderr } = await runDeno("scripts/commands/train.ts", args, {
    permissions: ["--allow-read", `--allow-write=${folder}`, "--allow-env"],
  });
  assertEquals(code, 1, stderr);
  assertStringIncludes(stderr, "no transaction lies after the warm-up, which is the first 300 days");
  await Deno.remove(folder, { recursive: true });
});

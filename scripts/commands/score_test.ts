/** Ends score in the middle of its work. */
import { assertEquals } from "../../src/testing/assert.ts";
import { runDeno, startDeno } from "../../src/testing/process.ts";
import { buildModule } from "../dev/build.ts";

await buildModule(new URL("../../", import.meta.url));

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test(`score leaves no half of its output behind after ${signal}`, async () => {
    const folder = await Deno.makeTempDir();
    const permissions = [`--allow-read=${folder},build`, `--allow-write=${folder}`, "--allow-env"];
    const rows = `a,b\n${Array.from({ length: 2000 }, (_, i) => `${i},${i * i}\n`).join("")}`;
    await Deno.writeTextFile(`${folder}/rows.csv`, rows);
    const trained = ["--input", `${folder}/rows.csv`, "--out", `${folder}/model`];
    assertEquals((await runDeno("scripts/commands/train.ts", trained, { permissions })).code, 0);
    // Rows that never end: a pipe whose writer stays.
    await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
    const args = [
      "--model",
      `${folder}/model`,
      "--input",
      `${folder}/pipe`,
      "--output",
      `${folder}/scores.csv`,
    ];
    await using score = startDeno("scripts/commands/score.ts", args, { permissions });
    using pipe = await Deno.open(`${folder}/pipe`, { write: true });
    await pipe.write(new TextEncoder().encode(rows));
    const parts = () => [...Deno.readDirSync(folder)].filter(({ name }) => name.startsWith("scores.csv"));
    await score.until(() => parts().some(({ name }) => Deno.statSync(`${folder}/${name}`).size > 30), {
      what: "the first scores",
    });
    score.kill(signal);
    const ended = await score.ended();
    assertEquals([ended.code, parts()], [code, []], ended.stderr);
    assertEquals(ended.stderr.includes("error"), false, ended.stderr);
    await Deno.remove(folder, { recursive: true });
  });
}

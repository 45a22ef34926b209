import { assert, assertEquals } from "../../src/testing/assert.ts";
import { startDeno } from "../../src/testing/process.ts";
import { needs } from "../../src/testing/services.ts";
import type { Report } from "./report/report.ts";

const servers = await needs(["kafka", "postgres", "minio"]);

/** Sizes that take some seconds; Spark is left out, since installing it takes minutes. */
const SMALLEST: Readonly<Record<string, readonly string[]>> = {
  kafka_clients: ["--records", "2000"],
  latency: ["--no-spark", "--rate", "100", "--records", "200"],
  pipeline: ["--records", "2000", "--only", "raw,flagged,all,copy"],
};

for (const [name, flags] of Object.entries(SMALLEST)) {
  Deno.test({
    ...servers.test(`bench ${name} runs on real servers and reports figures`),
    async fn() {
      const folder = await Deno.makeTempDir();
      const args = [name, "--quick", "--rounds", "1", "--json", folder, ...flags];
      await using process = startDeno("scripts/dev/bench.ts", args, { permissions: ["--allow-all"] });
      const { code, stderr } = await process.ended({ timeoutMs: 600_000 });
      assertEquals(code, 0, stderr);
      const report: Report = JSON.parse(await Deno.readTextFile(`${folder}/${name}.json`));
      await Deno.remove(folder, { recursive: true });
      assertEquals(report.skipped, undefined);
      assert(report.tables.length > 0 && report.goals.length > 0);
      for (const { title, lines } of report.tables) {
        assert(lines.some(({ figure }) => "median" in figure && figure.median > 0), title);
      }
    },
  });
}

import { assert, assertEquals } from "../../src/testing/assert.ts";
import { runDeno } from "../../src/testing/process.ts";

async function peakOf(program: string): Promise<number> {
  const args = [program];
  const { code, stdout, stderr } = await runDeno("scripts/harness/testing/peak_of.ts", args, {
    permissions: ["--allow-all"],
  });
  assertEquals(code, 0, stderr);
  return Number(stdout);
}

Deno.test("measuredProcess() knows the peak of a process that ends at once", async () => {
  const bytes = await peakOf("0");
  assert(bytes > 10e6, `${bytes} bytes`);
});

Deno.test("measuredProcess() knows the peak of memory that is let go before the end", async () => {
  const bytes = await peakOf(
    "let a = new Uint8Array(2e8).fill(1); a = undefined; await new Promise((go) => setTimeout(go, 300));",
  );
  assert(bytes > 2e8, `${bytes} bytes`);
});

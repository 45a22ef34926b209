import { assert } from "../../src/testing/assert.ts";
import { startDeno } from "../../src/testing/process.ts";
import { measuredProcess } from "../bench/runs/measured_process.ts";

Deno.test("measuredProcess() knows the peak of a process that ends at once", async () => {
  const script = new URL("data:text/javascript,");
  const { code, peakRssBytes } = await measuredProcess(() => startDeno(script, []));
  assert(code === 0 && peakRssBytes > 10e6, `exit code ${code}, ${peakRssBytes} bytes`);
});

Deno.test("measuredProcess() knows the peak of memory that is let go before the end", async () => {
  const code =
    "let a = new Uint8Array(2e8).fill(1); a = undefined; await new Promise((go) => setTimeout(go, 300));";
  const script = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
  const { peakRssBytes } = await measuredProcess(() => startDeno(script, []));
  assert(peakRssBytes > 2e8, `${peakRssBytes} bytes`);
});

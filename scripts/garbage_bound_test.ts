import { assertEquals } from "../src/testing/assert.ts";
import { until } from "../src/testing/until.ts";
import { boundGarbage } from "./garbage_bound.ts";
import { memoryBounds } from "./memory_bounds.ts";

Deno.test("boundGarbage() collects once what has come up since the last time is too much, and ends", async () => {
  let bytes = 500;
  let looks = 0;
  let collected = 0;
  const looked = (times: number) => until(() => looks >= times, { timeoutMs: 60_000, what: "more looks" });
  {
    using _ = boundGarbage({
      growthBytes: 100,
      intervalMs: 1,
      bufferBytes: () => (looks++, bytes),
      collect: () => void (collected++, bytes -= 80),
    });
    await looked(4);
    assertEquals(collected, 0);
    bytes = 590; // less than 100 since the start
    await looked(looks + 4);
    assertEquals(collected, 0);
    bytes = 450; // freed without us: what counts starts here
    await looked(looks + 4);
    bytes = 550;
    await until(() => collected === 1, { timeoutMs: 60_000, what: "a collection" });
    assertEquals(bytes, 470);
    await looked(looks + 4);
    assertEquals(collected, 1);
  }
  const atEnd = looks;
  bytes = 10_000;
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals([looks, collected], [atEnd, 1]);
});

Deno.test("memoryBounds() hands `consume` the collector that boundGarbage() calls", async () => {
  const { flags, env } = memoryBounds("consume");
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", ...flags, "console.log(typeof gc)"],
    env: { ...env, NO_COLOR: "1" },
  }).output();
  assertEquals(new TextDecoder().decode(stdout).trim(), "function");
});

/// <reference lib="dom" />
/** The page of `serve`, which has no stream and may have no ledger. */
import { assert, assertEquals, assertStringIncludes } from "../testing/assert.ts";
import { makeEmbeddedRun } from "../testing/embedded_run.ts";
import { startTask } from "../testing/process.ts";
import { browserTest, openTab, PATIENCE_MS, violationsIn } from "./testing/browser.ts";

browserTest("page: serve without a ledger is live, and says that nothing is kept", async (browser) => {
  const folder = await Deno.makeTempDir();
  try {
    await makeEmbeddedRun(folder, { count: 1000 });
    await using service = startTask("serve", ["--model", `${folder}/model`, "--http", "127.0.0.1:0"]);
    const url = await service.until(() => /serving (http:\S+)/.exec(service.stderr)?.[1], {
      timeoutMs: PATIENCE_MS,
    }) as string;
    // Without a ledger there are no flagged ones to ask for.
    await using tab = await openTab(browser, url, { mayLog: /status of 404/ });
    await tab.show("#/overview");
    await tab.until(() => document.querySelector(".is-live") !== null);
    const tiles = await tab.text(".tiles");
    for (const word of ["Scored a second", "Flagged a minute", "Good"]) assertStringIncludes(tiles, word);
    // There is no stream that could lag.
    assert(!/Lag|Latency|Dead letters/.test(tiles), tiles);
    assertEquals(await tab.page.$(".stream"), null);
    const transactions = ["a", "b", "c"].map((transaction_id) => ({
      ...{ transaction_id, customer_id: "c1", terminal_id: "t1", amount: 5, currency: "EUR" },
      timestamp: "2026-01-02T03:04:05Z",
    }));
    const scored = await fetch(`${url}v1/score`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(transactions),
    });
    assertEquals([scored.status, (await scored.json()).verdicts.length], [200, 3]);
    await tab.until(() => document.querySelector("[aria-labelledby=scores-title] canvas") !== null);
    assertEquals(await violationsIn(tab), []);
    for (const hash of ["#/flagged", "#/transactions/t1"]) {
      await tab.show(hash);
      await tab.until(() => document.querySelector(".is-live") !== null);
      await tab.until(() => document.querySelector("main")!.textContent!.includes("has no ledger"));
    }
    tab.check();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/// <reference lib="dom" />
/** Every view in a real browser: axe-core, light and dark, wide and narrow. */
import { assert, assertEquals } from "../testing/assert.ts";
import { browserTest, openTab, violationsIn } from "./testing/browser.ts";
import { openPageService } from "./testing/service.ts";
import type { Answer } from "../http/routes/answers.ts";

const NARROW = 380;

browserTest("page: every view for everybody", async (browser, context) => {
  await using service = await openPageService();
  // Ids as long as they may be must not make the page wider.
  const { flagged: [like] } = await service.ask<Answer<"flagged">>("/v1/flagged?limit=1");
  const { currency, timestamp } = like;
  const wide = { customer_id: "c".repeat(128), terminal_id: "m".repeat(128), currency, timestamp };
  const usual = Array.from(
    { length: 5 },
    (_, i) => ({ transaction_id: `usual-${i}`, amount: 20 + i, ...wide }),
  );
  const long = { transaction_id: "t".repeat(128), amount: 9_999_999.99, ...wide };
  await service.send(...usual, long);
  const { flagged } = await service.ask<Answer<"flagged">>("/v1/flagged?limit=50");
  assert(flagged.some(({ transaction_id }) => transaction_id === long.transaction_id));
  const views: Readonly<Record<string, readonly [hash: string, ready: string]>> = {
    overview: ["#/overview", ".stream tbody tr"],
    flagged: ["#/flagged", ".flagged tbody tr"],
    "none found": ["#/flagged?customer=nobody", ".notice-title"],
    transaction: [`#/transactions/${like.transaction_id}`, ".what-if .reasons"],
    "long ids": [`#/transactions/${long.transaction_id}`, ".what-if .reasons"],
    "no transaction": ["#/transactions/none", ".failure"],
    drift: ["#/drift", "main h1"],
    model: ["#/model", ".card"],
    "no view": ["#/nothing", ".notice-title"],
  };
  // Colours follow from the scheme and places from the width, so two of the four pairs have all of both.
  for (const [scheme, width] of [["light", 1280], ["dark", NARROW]] as const) {
    await context.step(
      `axe-core finds nothing serious, ${scheme}, ${width} px, and nothing is wider`,
      async () => {
        await using tab = await openTab(browser, service.url, { scheme, width, mayLog: /status of 404/ });
        for (const [name, [hash, ready]] of Object.entries(views)) {
          await tab.show(hash);
          await tab.page.waitForSelector(ready);
          assertEquals(await violationsIn(tab), [], name);
          const wide = await tab.page.evaluate(() => document.documentElement.scrollWidth);
          assert(wide <= width, `${name} is ${wide} px wide in a window of ${width} px`);
        }
        tab.check();
      },
    );
  }
});

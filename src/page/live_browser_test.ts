/// <reference lib="dom" />
/** Live data in a real browser: figures and flagged ones while a producer runs, and over a restart of the server. */
import { assert, assertEquals } from "../testing/assert.ts";
import { browserTest, openTab } from "./testing/browser.ts";
import { openPageService } from "./testing/service.ts";
import type { Status } from "../http/routes/answers.ts";

/** Rows of the list that the page keeps at most. */
const MOST_ROWS = 40;

browserTest("page: live data while a producer runs, and again after the server restarts", async (browser) => {
  await using service = await openPageService();
  await using tab = await openTab(browser, service.url, { mayLog: /ERR_(CONNECTION|INCOMPLETE|EMPTY)/ });
  await tab.show("#/overview");
  await tab.until(() => document.querySelector(".is-live") !== null);
  const { flagged: [before] } = await service.ask<{ flagged: { transaction_id: string }[] }>(
    "/v1/flagged?limit=1",
  );
  // What was flagged before is there at once.
  await tab.until(
    (id) => document.querySelector(".stream")!.textContent!.includes(id),
    before.transaction_id,
  );
  service.produce(1_000_000, 400);
  await tab.until(() => {
    const rate = document.querySelector(".tile dd")!.firstChild!.textContent!;
    return Number(rate.replaceAll(",", "")) > 0;
  });
  // Newly flagged ones of the producer's seed arrive by themselves, the newest on top.
  await tab.until(() => /^3-/.test(document.querySelector(".stream tbody a")!.textContent!));
  await tab.until((most) => document.querySelectorAll(".stream tbody tr").length === most, MOST_ROWS);
  for (const name of ["Records a second", "From produced to committed", "Lag", "Flagged"]) {
    await tab.page.waitForSelector(`.plot[aria-label^="${name}:"] canvas`);
  }
  // A key that takes a second line moves no chart away from the one beside it.
  const tops = await tab.page.$$eval(
    ".charts .plot",
    (plots) => plots.map((it) => it.getBoundingClientRect().top),
  );
  assertEquals([tops[0], tops[2]], [tops[1], tops[3]]);
  const scores = await tab.text("[aria-labelledby=scores-title] .chart-title");
  assert(/^[\d,]+ transactions$/.test(scores), scores);
  const { model } = await service.ask<Status>("/v1/status");
  assert((await tab.text("[aria-labelledby=scores-title] .key")).includes(model.threshold.toFixed(3)));

  // Hold keeps the list as it is while the figures go on.
  const first = () => tab.page.$eval(".stream tbody a", (link) => link.textContent!);
  await tab.page.click(".stream button");
  const held = await first();
  const told = () => tab.page.$eval(".tile:nth-child(5) dd", (it) => it.textContent!);
  const flaggedBefore = await told();
  await tab.until(
    (text) => document.querySelector(".tile:nth-child(5) dd")!.textContent !== text,
    flaggedBefore,
  );
  assertEquals(await first(), held);
  await tab.page.click(".stream button");
  await tab.until((text) => document.querySelector(".stream tbody a")!.textContent !== text, held);

  await service.stop();
  await tab.until(() => document.querySelector(".connection")!.textContent === "Disconnected");
  await tab.until(() => document.querySelector(".lost")!.textContent!.includes("does not answer"));
  assert(
    (await tab.text(".tile:last-child")).includes("Not known"),
    "health is told of a server that is away",
  );
  assertEquals(await tab.page.$(".tile.good"), null);
  const last = await first();
  await service.start();
  await tab.until(() => document.querySelector(".is-live") !== null);
  await tab.until(() => document.querySelector(".lost")!.textContent === "");
  await tab.until((text) => document.querySelector(".stream tbody a")!.textContent !== text, last);
  assert(await tab.page.$$eval(".stream tbody tr", (rows) => rows.length) <= MOST_ROWS);
  tab.check();
});

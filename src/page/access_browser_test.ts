/// <reference lib="dom" />
/** The page in a real browser where callers need a token. */
import { assert, assertEquals } from "../testing/assert.ts";
import { browserTest, openTab } from "./testing/browser.ts";
import { openPageService } from "./testing/service.ts";

browserTest("page: it asks for a token, and shows nothing without one", async (browser) => {
  await using service = await openPageService({ scopes: "read,label" });
  await using tab = await openTab(browser, service.url, { mayLog: /status of 401/ });
  await tab.page.goto(`${service.url}#/flagged`);
  await tab.page.waitForSelector("#token");
  assertEquals(await tab.text(".connection"), "No access");
  assert((await tab.text(".token [role=alert]")).includes("token"));
  await tab.page.type("#token", "not-the-token");
  await tab.page.keyboard.press("Enter");
  await tab.until(() => document.querySelector(".token h1")?.textContent === "The token was refused");
  assert((await tab.text(".token [role=alert]")).includes("not valid"));
  await tab.page.$eval("#token", (input) => void ((input as HTMLInputElement).value = ""));
  assertEquals(await tab.page.$(".flagged"), null);
  await tab.page.type("#token", service.token!);
  await tab.page.keyboard.press("Enter");
  await tab.page.waitForSelector(".flagged tbody tr");
  await tab.until(() => document.querySelector(".is-live") !== null);

  // It is kept in the tab, not in the address, and is forgotten when told so.
  assert(!tab.page.url().includes(service.token!));
  assertEquals(await tab.page.evaluate(() => JSON.stringify({ ...localStorage })), "{}");
  await tab.show("#/overview");
  await tab.page.waitForSelector(".tiles");
  await tab.page.click(".top-end button");
  await tab.page.waitForSelector("#token");
  tab.check();
});

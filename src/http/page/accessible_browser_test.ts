/// <reference lib="dom" />
/** Every view in a real browser: axe-core, light and dark, wide and narrow, and by the keyboard alone. */
import { assert, assertEquals } from "../../testing/assert.ts";
import { browserTest, openTab, type Tab, violationsIn } from "./testing_browser.ts";
import { openPageService } from "./testing_service.ts";
import type { WireFlagged } from "./wire.ts";

const NARROW = 380;

browserTest("page: every view for everybody", async (browser, context) => {
  await using service = await openPageService();
  // An id as long as one may be must not make the page wider.
  const { flagged: [like] } = await service.ask<{ flagged: WireFlagged[] }>("/v1/flagged?limit=1");
  const long = {
    transaction_id: "t".repeat(128),
    customer_id: like.customer_id,
    terminal_id: "m".repeat(128),
  };
  await service.send({ ...long, amount: 9_999_999.99, currency: "EUR", timestamp: like.timestamp });
  const { flagged } = await service.ask<{ flagged: WireFlagged[] }>("/v1/flagged?limit=50");
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
  for (const scheme of ["light", "dark"] as const) {
    for (const width of [1280, NARROW]) {
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
  }

  await context.step("the keyboard alone: from the address to an answer", async () => {
    await using tab = await openTab(browser, service.url);
    await tab.show("#/overview");
    await tab.page.waitForSelector(".stream tbody tr");
    await tabTo(tab, ".skip");
    await tab.page.keyboard.press("Enter");
    assertEquals(await tab.page.evaluate(() => document.activeElement!.id), "content");
    // The nav by Enter; focus goes to the view's heading.
    await tab.show("#/overview");
    await tabTo(tab, 'nav a[href="#/flagged"]');
    await tab.page.keyboard.press("Enter");
    await tab.until(() => document.activeElement?.textContent === "Flagged transactions");
    await tab.page.waitForSelector(".flagged tbody tr");
    const id = like.transaction_id;
    await tabTo(tab, `.flagged tbody th a[href="#/transactions/${id}"]`);
    await tab.page.keyboard.press("Enter");
    await tab.until((id) => document.querySelector(".transaction-head code")?.textContent === id, id);
    await tab.page.waitForSelector(".what-if .reasons");
    assertEquals(await tab.page.evaluate(() => document.activeElement!.tagName), "H1");
    await tabTo(tab, ".answers .fraud");
    await tab.page.keyboard.press("Space");
    await tab.until(() => document.querySelector('.answers .fraud[aria-pressed="true"]') !== null);
    // The focus stays where it was, on the way to the other button.
    await tabTo(tab, ".answers .legit");
    await tabTo(tab, '.what-if input[type="range"]');
    const before = await tab.text(".verdict-line");
    await tab.page.keyboard.press("Home");
    await tab.until((text) => document.querySelector(".verdict-line")!.textContent !== text, before);
    tab.check();
  });

  await context.step("the theme that is chosen stays", async () => {
    await using tab = await openTab(browser, service.url, { scheme: "light" });
    await tab.show("#/model");
    const ground = () => tab.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await tab.page.select(".theme select", "dark");
    assert(await ground() !== light);
    await tab.show("#/drift");
    assert(await ground() !== light);
    tab.check();
  });
});

/** Presses Tab until the element has the focus, and fails where it never has, or where a focus is not to be seen. */
async function tabTo(tab: Tab, selector: string): Promise<void> {
  const stops: string[] = [];
  for (let pressed = 0; pressed < 200; pressed++) {
    await tab.page.keyboard.press("Tab");
    const at = await tab.page.evaluate((selector) => {
      const element = document.activeElement!;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      return {
        name: element.outerHTML.slice(0, 80),
        isSeen: outlineStyle !== "none" && parseFloat(outlineWidth) >= 1,
        isThere: element.matches(selector),
      };
    }, selector);
    assert(at.isSeen || at.name.startsWith("<body"), `the focus is not to be seen on ${at.name}`);
    if (at.isThere) return;
    stops.push(at.name);
  }
  throw new Error(`Tab never reached ${selector}; it stopped at\n${stops.join("\n")}`);
}

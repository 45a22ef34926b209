/// <reference lib="dom" />
/** The page in a real browser by the keyboard alone, and in the theme that somebody chose. */
import { assert, assertEquals } from "../testing/assert.ts";
import { browserTest, openTab, type Tab } from "./testing/browser.ts";
import { openPageService } from "./testing/service.ts";
import type { Answer } from "../http/routes/answers.ts";

browserTest("page: the keyboard is enough", async (browser, context) => {
  await using service = await openPageService();
  const { flagged: [like] } = await service.ask<Answer<"flagged">>("/v1/flagged?limit=1");
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
    const amount = await tab.page.$eval(".what-if .amount", (input) => (input as HTMLInputElement).value);
    await tab.page.keyboard.press("End");
    await tab.until(
      (was) => document.querySelector<HTMLInputElement>(".what-if .amount")!.value !== was,
      amount,
    );
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

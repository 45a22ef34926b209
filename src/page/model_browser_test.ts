/// <reference lib="dom" />
/** The model view in a real browser: what to expect in words, or why nobody knows. */
import type { Manifest } from "../forest/manifest.ts";
import { assert, assertStringIncludes } from "../testing/assert.ts";
import { browserTest, openTab } from "./testing/browser.ts";
import { openPageService } from "./testing/service.ts";

browserTest("page: the model view says what to expect, or why that is not known", async (browser) => {
  await using service = await openPageService();
  const manifest = await service.ask<Manifest>("/v1/model");
  const { training } = manifest;
  assert(training !== undefined);
  const measured = {
    ...{
      rows: 2000,
      frauds: 40,
      flagged: 30,
      precision: 0.7,
      recall: 0.04,
      rocAuc: 0.9,
      averagePrecision: 0.5,
    },
    ...{ after: "2026-02-01T00:00:00Z", days: 3, trainedRows: 5000, flaggedPerDay: 12.4 },
  };
  const cases = [
    [{ ...training, heldOut: measured, notKnown: undefined }, [
      "12 alerts a day",
      "7 of 10 are frauds",
      "4 of 100 frauds",
    ]],
    [{ ...training, heldOut: undefined, notKnown: "the rows have no times" }, [
      "is not known: the rows have no times.",
    ]],
  ] as const;
  for (const [told, words] of cases) {
    await using tab = await openTab(browser, service.url);
    await tab.answerWith({ "/v1/model": { ...manifest, training: told } });
    await tab.show("#/model");
    const text = await tab.text("[aria-labelledby=expectation-title]");
    for (const word of words) assertStringIncludes(text, word);
    tab.check();
  }
});

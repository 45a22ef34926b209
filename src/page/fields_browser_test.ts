/// <reference lib="dom" />
/** Each value of each field that the page draws: labels, absent and null fields, a transaction that was not flagged. */
import type { Answer, TransactionText } from "../http/routes/answers.ts";
import { assert, assertEquals } from "../testing/assert.ts";
import { browserTest, openTab, type Tab } from "./testing/browser.ts";
import { openPageService } from "./testing/service.ts";

const LABELS = [["fraud", true], ["legitimate", false], ["none", undefined]] as const;

browserTest("page: every value of a field is drawn", async (browser, context) => {
  await using service = await openPageService();
  await using tab = await openTab(browser, service.url);
  const { flagged } = await service.ask<Answer<"flagged">>("/v1/flagged?limit=4");
  for (const [row, [, isFraud]] of LABELS.entries()) {
    if (isFraud === undefined) continue;
    const body = JSON.stringify({ transaction_id: flagged[row].transaction_id, is_fraud: isFraud });
    const headers = { "content-type": "application/json" };
    const { label } = await service.ask<Answer<"label">>("/v1/labels", { method: "POST", headers, body });
    assertEquals(label.is_fraud, isFraud);
  }

  await context.step("the list has each label", async () => {
    await tab.show("#/flagged");
    for (const [row, [word]] of LABELS.entries()) {
      assertEquals(await labelInList(tab, flagged[row].transaction_id), word);
    }
    for (const [filter, row] of [["fraud", 0], ["legit", 1], ["none", 2]] as const) {
      await tab.show(`#/flagged?label=${filter}`);
      assertEquals(await labelInList(tab, flagged[row].transaction_id), LABELS[row][0]);
    }
  });

  await context.step("the transaction has each label", async () => {
    for (const [row, [word, isFraud]] of LABELS.entries()) {
      await tab.show(`#/transactions/${flagged[row].transaction_id}`);
      const truth = await tab.text(".label-panel .truth");
      const expected = isFraud === undefined ? "Nobody has said so far." : `${word} since`;
      assert(truth.startsWith(expected), `${truth} for ${word}`);
      const pressed = await tab.page.$$eval(
        ".label-panel .answers button",
        (buttons) => buttons.map((button) => button.getAttribute("aria-pressed")),
      );
      assertEquals(pressed, [String(isFraud === true), String(isFraud === false)]);
    }
  });

  const { customer_id, terminal_id, timestamp } = flagged[0];
  const bare: TransactionText = { transaction_id: "bare", customer_id, terminal_id, amount: 12.3, timestamp };
  const empty = { ...bare, transaction_id: "empty", currency: null, merchant_category: null, country: null };
  const full: TransactionText = {
    ...bare,
    transaction_id: "full",
    currency: "JPY",
    merchant_category: "5411",
    country: "NL",
    channel: "online",
  };
  await service.send(bare, { ...empty, channel: null }, full);

  await context.step(
    "optional fields are drawn where they are, and left out where they are null or absent",
    async () => {
      for (const id of ["bare", "empty"]) {
        await tab.show(`#/transactions/${id}`);
        await tab.page.waitForSelector(".lead");
        const head = await tab.text(".transaction-head");
        assert(head.includes("12.30") && head.endsWith("UTC"), head);
        assert(!/null|undefined|NaN/.test(await tab.text("main")), await tab.text("main"));
      }
    },
  );

  await context.step("a transaction that was not flagged has no reasons, and says so", async () => {
    await tab.show("#/transactions/full");
    await tab.page.waitForSelector(".lead");
    const tag = await tab.text("[aria-labelledby=verdict-title] .tag");
    const words = await tab.text("[aria-labelledby=verdict-title]");
    assertEquals(words.includes("It was not flagged"), tag === "not flagged");
    if (tag === "flagged") assert((await tab.text(".lead")).endsWith("online, in NL, category 5411"));
    assert(!/null|undefined|NaN/.test(await tab.text("main")));
  });
  tab.check();
});

/** What the list says of a transaction's label, once it is there. */
async function labelInList(tab: Tab, transactionId: string): Promise<string> {
  await tab.until((id) => document.querySelector(".flagged tbody")?.textContent.includes(id), transactionId);
  return await tab.page.evaluate((id) => {
    const rows = [...document.querySelectorAll(".flagged tbody tr")];
    return rows.find((row) => row.textContent!.includes(id))!.querySelector("[data-name=Label]")!
      .textContent!;
  }, transactionId);
}

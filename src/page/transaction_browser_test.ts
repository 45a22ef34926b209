/// <reference lib="dom" />
/** A transaction's page in a real browser: an alert's link, what-if, and an answer that reaches the features. */
import { alertMessage } from "../alerts/message.ts";
import { assert, assertEquals } from "../testing/assert.ts";
import { until } from "../testing/until.ts";
import { browserTest, openTab, PATIENCE_MS, type Tab } from "./testing/browser.ts";
import { openPageService, type PageService } from "./testing/service.ts";
import type { Answer, Found, Judged, TransactionText } from "../http/routes/answers.ts";

browserTest("page: a transaction, from an alert's link to an answer", async (browser, context) => {
  await using service = await openPageService();
  await using tab = await openTab(browser, service.url, { mayLog: /status of 404/ });
  const { flagged } = await service.ask<Answer<"flagged">>("/v1/flagged?limit=50");
  const [judged] = flagged;
  const { transaction_id: id, amount, currency } = judged;

  await context.step("an alert's link opens it, with its reasons and its history", async () => {
    const { id: alertId, label: _label, ...verdict } = judged;
    const alert = alertMessage({ id: alertId, verdict: JSON.stringify(verdict) } as never, service.url);
    await tab.page.goto(alert.url!);
    // The head is there at once, and is filled when the transaction has come.
    await tab.until(
      (shown) => document.querySelector(".transaction-head")?.textContent?.includes(shown),
      amount.toFixed(2),
    );
    const head = await tab.text(".transaction-head");
    for (const part of [id, amount.toFixed(2), currency!, judged.customer_id, judged.terminal_id]) {
      assert(head.includes(part), `${head} has no ${part}`);
    }
    assert((await tab.text(".verdict-words")).includes("because"));
    const bars = ".column > .panel:first-child .reasons tbody tr";
    await tab.until(
      (selector, count) => document.querySelectorAll(selector).length === count,
      bars,
      judged.reasons.length,
    );
    const longest = await tab.page.$eval(`${bars} .bar > div`, (bar) => (bar as HTMLElement).style.width);
    assertEquals(longest, "50%"); // of the half of its side: the strongest reason stands first
    for (const title of ["Amounts of the last", "Scores of the last"]) {
      await tab.page.waitForSelector(`.plot[aria-label^="${title}"] canvas`);
    }
    const told = await tab.page.$eval('.plot[aria-label^="Amounts"]', (plot) => plot.ariaLabel!);
    assert(told.includes(`this one ${amount.toFixed(2)}`), told);
  });

  await context.step("the what-if scores at once, in the page, and as the server does", async () => {
    assertEquals(await whatIfScore(tab), await serverScore(service, fieldsOf(judged)));
    const curve = await tab.page.waitForSelector('.what-if .plot[aria-label^="Score by amount"] canvas');
    assert(curve);
    const asked = tab.requests.filter((path) => path.startsWith("/v1/score")).length;
    for (const other of [0.01, 3, amount * 7.5]) {
      const shown = await typeAmount(tab, other);
      assertEquals(shown, await serverScore(service, { ...fieldsOf(judged), amount: other }), `at ${other}`);
    }
    // Another time: 100 steps of an hour by the keyboard.
    await tab.page.focus('.what-if input[type="range"][max="336"]');
    for (let i = 0; i < 100; i++) await tab.page.keyboard.press("ArrowRight");
    const later = new Date(Date.parse(judged.timestamp) + 100 * 3_600_000).toISOString();
    assertEquals(
      await whatIfScore(tab),
      await serverScore(service, { ...fieldsOf(judged), amount: amount * 7.5, timestamp: later }),
    );
    assertEquals(tab.requests.filter((path) => path.startsWith("/v1/score")).length, asked);
    await tab.page.click(".what-if .panel-head button");
    assertEquals(await whatIfScore(tab), await serverScore(service, fieldsOf(judged)));
  });

  await context.step(
    "an answer reaches the features of later transactions; the newest one is the truth",
    async () => {
      // Eight days later all labels of the stream are known; at this terminal nothing ever happened.
      const atMs = Date.parse(flagged[0].timestamp) + 8 * 86_400_000;
      const after = (days: number) => ({
        terminal_id: "new terminal",
        timestamp: new Date(atMs + days * 86_400_000).toISOString(),
      });
      await service.send({
        ...fieldsOf(judged),
        ...after(0),
        transaction_id: "suspect",
        amount: 50 * amount,
      });
      let sent = 0;
      // Customers that nobody knows, a day apart: what differs between their scores comes from the terminal.
      const scoreOfNewcomer = async () => {
        const transaction_id = `new-${++sent}`;
        await service.send({ transaction_id, customer_id: `newcomer-${sent}`, amount: 20, ...after(sent) });
        const found = await service.ask<Found>(`/v1/transactions/${transaction_id}`);
        return (found.matches[0].log ?? found.matches[0].verdict)!.anomaly_score;
      };
      const before = await scoreOfNewcomer();
      // Each of them moves the mean of all customers a little.
      const isNear = (score: number) => Math.abs(score - before) < 0.02;
      assert(isNear(await scoreOfNewcomer()));
      await tab.show("#/transactions/suspect");
      await answer(tab, "Fraud");
      assert((await tab.text(".label-panel .truth")).startsWith("fraud"));
      await until(async () => await scoreOfNewcomer() > before + 0.05, {
        timeoutMs: PATIENCE_MS,
        what: "a higher score at the terminal after the answer",
      });
      const offsets = await service.broker.offsets("labels");
      await answer(tab, "Legitimate");
      await tab.until(() =>
        document.querySelector(".label-panel .truth")!.textContent!.startsWith("legitimate")
      );
      assertEquals((await service.broker.offsets("labels"))[0].endOffset, offsets[0].endOffset + 1);
      await until(async () => isNear(await scoreOfNewcomer()), {
        timeoutMs: PATIENCE_MS,
        what: "the score as it was, after the answer was taken back",
      });
      const { label } = await service.ask<Found>("/v1/transactions/suspect");
      assertEquals([label?.is_fraud, label?.history?.map(({ is_fraud }) => is_fraud)], [false, [
        true,
        false,
      ]]);
      assertEquals(await tab.text(".label-panel summary"), "History of 2 answers");
      await tab.show("#/flagged?label=legit");
      await tab.until(() => document.querySelector(".flagged tbody")?.textContent.includes("suspect"));
    },
  );

  await context.step("an id that is none, and one with every sign, are told in words", async () => {
    const strange = 'a/b?c#d%2F"<b>é';
    await service.send({ ...fieldsOf(judged), transaction_id: strange });
    await tab.show(`#/transactions/${encodeURIComponent(strange)}`);
    await tab.until((id) => document.querySelector(".transaction-head code")?.textContent === id, strange);
    assertEquals(await tab.page.$(".transaction-head b"), null);
    await tab.show("#/transactions/none");
    assertEquals(await tab.text(".failure .notice-title"), "Not found");
  });

  await context.step("figures of a large amount stand whole beside their charts", async () => {
    await service.send({ ...fieldsOf(judged), transaction_id: "large", amount: 12_345_678.9 });
    await tab.show("#/transactions/large");
    await tab.page.waitForSelector('.what-if .plot[aria-label^="Score by amount"] canvas');
    // What is cut off leaves ink at the edge.
    await tab.until(() =>
      [...document.querySelectorAll("canvas")].every((canvas) => {
        const { data } = canvas.getContext("2d")!.getImageData(0, 0, 1, canvas.height);
        return data.every((ink) => ink === 0);
      })
    );
  });
  tab.check();
});

/** The transaction's own fields. */
function fieldsOf(judged: TransactionText): TransactionText {
  const { transaction_id, customer_id, terminal_id, amount, currency, timestamp } = judged;
  return { transaction_id, customer_id, terminal_id, amount, currency, timestamp };
}

/** The score that the panel shows, once it stands. */
async function whatIfScore(tab: Tab): Promise<number> {
  await tab.page.waitForSelector(".verdict-line[data-score]");
  await twoFrames(tab);
  return Number(await tab.page.$eval(".verdict-line", (line) => (line as HTMLElement).dataset.score));
}

/** Gives the field another amount, and tells the score that stands after the next frame. */
async function typeAmount(tab: Tab, amount: number): Promise<number> {
  await tab.page.$eval(".what-if .amount", (input, amount) => {
    (input as HTMLInputElement).value = String(amount);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }, amount);
  return await whatIfScore(tab);
}

/** A frame in which the page draws what changed, and the one after it. */
async function twoFrames(tab: Tab): Promise<void> {
  await tab.page.evaluate(() =>
    new Promise<void>((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve())))
  );
}

async function serverScore(service: PageService, transaction: TransactionText): Promise<number> {
  const { verdicts: [verdict] } = await service.ask<{ verdicts: (Judged & { state: string })[] }>(
    "/v1/score",
    { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(transaction) },
  );
  assertEquals(verdict.state, "live");
  return verdict.anomaly_score;
}

async function answer(tab: Tab, name: "Fraud" | "Legitimate"): Promise<void> {
  const button = await tab.page.waitForSelector(`.answers .${name === "Fraud" ? "fraud" : "legit"}`);
  await button!.click();
  await tab.until(
    (name) =>
      document.querySelector('.answers [aria-pressed="true"]')?.textContent === name &&
      document.querySelector(".label-panel .said")!.textContent!.startsWith("Saved"),
    name,
  );
}

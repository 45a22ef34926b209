/// <reference lib="dom" />
/** Each value of each field that the page draws: labels, absent and null fields, a transaction that was not flagged. */
import type { z } from "zod";
import { type Answer, ANSWERS, serverEvent, type TransactionText } from "../http/routes/answers.ts";
import { assert, assertEquals, assertStringIncludes } from "../testing/assert.ts";
import { browserTest, openTab, type Tab } from "./testing/browser.ts";
import { openPageService } from "./testing/service.ts";

const LABELS = [["fraud", true], ["legitimate", false], ["none", undefined]] as const;

browserTest("page: every value of a field is drawn", async (browser, context) => {
  await using service = await openPageService();
  await using tab = await openTab(browser, service.url);
  const { flagged } = await service.ask<Answer<"flagged">>("/v1/flagged?limit=4");
  // The stream labels its own transactions, not this one.
  const { customer_id: card, terminal_id: shop, timestamp: at } = flagged[0];
  const unknown = { customer_id: card, terminal_id: shop, timestamp: at, amount: 90_000 };
  await service.send({ ...unknown, transaction_id: "unlabelled" });
  flagged[2] = (await service.ask<Answer<"flagged">>("/v1/flagged?label=none")).flagged[0];
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
      const expected = isFraud === undefined ? "No answer yet." : `${word} since`;
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
  const least = { ...bare, transaction_id: "least", customer_id: "kwd", currency: "KWD", amount: 0.001 };
  await service.send(bare, { ...empty, channel: null }, full, least, {
    ...least,
    transaction_id: "cent",
    currency: "EUR",
    amount: 0.01,
  });

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

  await context.step("the least amounts have a what-if, and labels of axes that differ", async () => {
    for (const id of ["least", "cent"]) {
      await tab.show(`#/transactions/${id}`);
      await tab.page.waitForSelector(".what-if .plot canvas");
      await tab.page.$eval(".what-if input[type=range]", (input) => {
        const range = input as HTMLInputElement;
        range.value = range.min;
        range.dispatchEvent(new Event("input", { bubbles: true }));
      });
      await tab.page.waitForSelector(".what-if .reasons");
    }
  });

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

browserTest("page: values that are null, absent or empty are drawn, too", async (browser, context) => {
  await using service = await openPageService();
  const status = await service.ask<Answer<"status">>("/v1/status");
  const { flagged: [one] } = await service.ask<Answer<"flagged">>("/v1/flagged?limit=1");
  const id = one.transaction_id;
  const path = `/v1/transactions/${id}`;
  const found = await service.ask<Answer<"transaction">>(path);
  const around = await service.ask<Answer<"context">>(`${path}/context`);
  const [match] = found.matches;
  const { log } = match;
  assert(match.verdict !== null && log !== null);
  const { currency: _currency, merchant_category: _category, country: _country, channel: _channel, ...bare } =
    match.verdict;

  /** Shows a view with answers that the server may give, which its schemas say, and tells its text. */
  async function textWith(
    hash: string,
    ready: string,
    answers: Partial<{ [Name in keyof typeof ANSWERS]: Answer<Name> }>,
    events?: z.input<typeof serverEvent>[],
  ): Promise<string> {
    const paths = {
      status: "/v1/status",
      flagged: "/v1/flagged",
      transaction: path,
      context: `${path}/context`,
    };
    const given = Object.entries(paths).flatMap(([name, path]) => {
      const schema: z.ZodType = ANSWERS[name as keyof typeof paths];
      return name in answers ? [[path, schema.parse(answers[name as keyof typeof answers])]] : [];
    });
    await using tab = await openTab(browser, service.url);
    const lines = events?.map((each) => serverEvent.parse(each))
      .map(({ event, data }) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    await tab.answerWith(Object.fromEntries(given), lines?.join(""));
    await tab.show(hash);
    await tab.page.waitForSelector(ready);
    const text = await tab.page.$eval("main", (main) => (main as HTMLElement).innerText);
    assert(!/null|undefined|NaN|\[object/.test(text), text);
    tab.check();
    return text;
  }

  await context.step("the overview before anything came, and where nothing moves", async () => {
    const now = { ...status.now, lag: [], p50_ms: null, p99_ms: null, healthy: false };
    const { step_s } = status.history;
    const history = { step_s, t: [], records_per_s: [], lag: [], p50_ms: [], p99_ms: [], flagged: [] };
    const scores = { edges: status.scores.edges, counts: status.scores.counts.map(() => 0) };
    const text = await textWith(
      "#/overview",
      ".tiles",
      { status: { ...status, now, history, scores }, flagged: { flagged: [], next_cursor: null } },
      [{ event: "status", data: { ...now, time: "2026-01-02T03:04:05Z" } }],
    );
    const words = [
      "Stalled",
      "0 partitions",
      "No history yet",
      "Nothing scored yet",
      "Nothing flagged yet",
      "–",
    ];
    for (const word of words) assertStringIncludes(text, word);
  });

  await context.step("the overview says why the service is not ready", async () => {
    const now = { ...status.now, problems: ["objects to s3://h/b: failing", "the state is cold"] };
    const text = await textWith("#/overview", ".tile.bad", { status: { ...status, now } }, [
      { event: "status", data: { ...now, time: "2026-01-02T03:04:05Z" } },
    ]);
    assertStringIncludes(text, "Not ready");
    assertStringIncludes(text, "objects to s3://h/b: failing; the state is cold");
  });

  await context.step("history with gaps, and one partition", async () => {
    const history = { ...status.history, t: [1, 3, 5], records_per_s: [0, 1, 2], lag: [0, 0, 0] };
    const gaps = { p50_ms: [null, 2, null], p99_ms: [null, 9, null], flagged: [0, 1, 0] };
    const now = { ...status.now, lag: [{ partition: 0, records: 7 }] };
    const text = await textWith("#/overview", ".charts canvas", {
      status: { ...status, now, history: { ...history, ...gaps } },
    }, [{ event: "status", data: { ...now, time: "2026-01-02T03:04:05Z" } }]);
    assertStringIncludes(text, "1 partition");
  });

  await context.step(
    "the live feed: a currency, a null one, none; labels of what was there; skipped ones",
    async () => {
      const { id: place, customer_id, terminal_id, timestamp, anomaly_score, threshold } = one;
      const like = { customer_id, terminal_id, timestamp, anomaly_score, threshold, amount: 1234.5 };
      const reasons = one.reasons.slice(0, 3);
      const events = [undefined, null, "JPY"].map((currency, i) => ({
        event: "flagged" as const,
        id: `${place}${i}`,
        data: {
          ...like,
          id: `${place}${i}`,
          transaction_id: `live-${i}`,
          currency,
          reasons: i === 2 ? [] : reasons,
        },
      }));
      const flagged = (["fraud", "legit", null] as const).map((label, i) => ({
        ...one,
        ...{ id: `${place}-${i}`, transaction_id: `kept-${i}`, label },
      }));
      const text = await textWith(
        "#/overview",
        ".stream .note",
        { flagged: { flagged, next_cursor: null } },
        [
          ...events,
          { event: "skipped", data: { count: null } },
          { event: "skipped", data: { count: 3 } },
        ],
      );
      for (const word of ["live-0", "live-1", "1,235 JPY", "1,234.50", "3 more were flagged"]) {
        assertStringIncludes(text, word);
      }
      for (const { transaction_id } of flagged) assertStringIncludes(text, transaction_id);
      assert(!/legit/.test(text), "labels change, and the live feed does not hear of it: it shows none");
    },
  );

  await context.step("drift before enough was scored, and on both sides of its bounds", async () => {
    const features = status.drift.features.map((feature) => ({ ...feature, now: {}, psi: null }));
    const before = await textWith("#/drift", ".notice-title", { status: { ...status, drift: { features } } });
    assertStringIncludes(before, "Too little scored yet");
    const drift = { features: [null, 0.05, 0.2, 0.3].map((psi, i) => ({ ...features[i], psi })) };
    const text = await textWith("#/drift", ".drift", { status: { ...status, drift } });
    for (const word of ["not known", "stable", "moving", "drifted", "–"]) assertStringIncludes(text, word);
  });

  await context.step("a transaction of the log alone, and one of the flagged rows alone", async () => {
    const logged = { ...match, verdict: null, log: { ...log, currency: null, flagged: false } };
    const seen = await textWith(`#/transactions/${id}`, ".what-if .reasons", {
      transaction: { ...found, matches: [logged] },
    });
    assertStringIncludes(seen, "not flagged");
    const kept = { ...match, log: null, verdict: bare };
    const text = await textWith(`#/transactions/${id}`, ".what-if .reasons", {
      transaction: { ...found, matches: [kept, kept], matches_total: 2 },
    });
    for (const word of ["because", "Records with this id"]) assertStringIncludes(text, word);
  });

  await context.step("a label with and without a name, with its history", async () => {
    const at = "2026-01-02T03:04:05.000Z";
    const bare = {
      labelled_at: at,
      by: null,
      decided_at: null,
      source: null,
      claimed_by: null,
      repeats: false,
    };
    const history = [
      { ...bare, is_fraud: true, by: "ann" },
      { ...bare, is_fraud: false },
      { ...bare, is_fraud: true, source: "stream" as const, decided_at: at },
      { ...bare, is_fraud: false, by: "bob", source: "api" as const, claimed_by: "head of risk" },
    ];
    const words = [" by ann", "\n", " from the stream, read 2 Jan", " by bob, who wrote “head of risk”"];
    for (const [i, newest] of history.entries()) {
      const text = await textWith(`#/transactions/${id}`, ".history", {
        transaction: { ...found, label: { ...newest, history, history_total: 70 } },
      });
      const word = newest.is_fraud ? "fraud" : "legitimate";
      assertStringIncludes(text, `${word} since 2 Jan 2026 03:04:05${words[i]}`);
      assertStringIncludes(text, "History of 70 answers, the newest 4");
    }
  });

  await context.step("a context without neighbours, answers or a state", async () => {
    const text = await textWith(`#/transactions/${id}`, ".what-if .notice", {
      context: {
        customer: { ...around.customer, recent: [] },
        terminal: { ...around.terminal, recent: [], labels: { fraud: 0, legit: 0 } },
        state: null,
      },
    });
    for (const word of ["No other transactions known", "No live state here", "No analyst has labelled"]) {
      assertStringIncludes(text, word);
    }
  });
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

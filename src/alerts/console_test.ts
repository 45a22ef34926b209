import { assert, assertStringIncludes } from "../testing/assert.ts";
import { alertOf, alertsContract, groupOf } from "./testing/contract.ts";
import { openConsole } from "./console.ts";

alertsContract("console", {
  open() {
    const lines: string[] = [];
    const received = () => Promise.resolve(lines.map((line) => /\((t\d+)\)/.exec(line)![1]));
    return Promise.resolve({ sink: openConsole({ write: (line) => lines.push(line) }), received });
  },
});

Deno.test("openConsole() ends a line with the link, and prints no character that steers a terminal", async () => {
  const lines: string[] = [];
  await using sink = openConsole({ publicUrl: "https://fraud.example", write: (line) => lines.push(line) });
  const alert = alertOf(1);
  const verdict = {
    ...JSON.parse(alert.verdict),
    customer_id: "\u001b[2Jc\u009b1\u202e\u061c\ud800-\u{e0041}",
    transaction_id: "a/b?#\r",
  };
  await sink.send([{ ...alert, verdict: JSON.stringify(verdict) }]);
  assertStringIncludes(lines[0], "https://fraud.example/#/transactions/a%2Fb%3F%23%0D");
  assert(!/[\p{Cc}\p{Cf}\p{Cs}]/u.test(lines[0]), JSON.stringify(lines[0]));
});

Deno.test("openConsole() tells several transactions in one line", async () => {
  const lines: string[] = [];
  await using sink = openConsole({ write: (line) => lines.push(line) });
  await sink.send([{ ...alertOf(1), group: groupOf(4) }]);
  await sink.send([{ ...alertOf(1), group: { ...groupOf(9), kind: "rest", customers: 3 } }]);
  assertStringIncludes(
    lines[0],
    "2026-01-02 03:04:05 to 03:14:05 UTC  4 flagged transactions of customer c'1, 50.00 EUR",
  );
  assertStringIncludes(lines[1], "9 more flagged transactions of 3 customers");
  const many = { kind: "rest", customers: 3600, customers_at_least: true, more_currencies: true } as const;
  await sink.send([{ ...alertOf(1), group: { ...groupOf(9), ...many } }]);
  assertStringIncludes(
    lines[2],
    "transactions of at least 3600 customers, 112.50 EUR and other currencies; the",
  );
});

import { assert, assertEquals } from "../../testing/assert.ts";
import { TestingLedger } from "../testing/ledger.ts";
import { type HeldAlerts, heldOf, joinHeld, sumsOf } from "./held_alerts.ts";

/** As many transactions as are asked for, each with another customer or currency. */
function held(count: number, changes: (i: number) => { customerId?: string; currency?: string }): HeldAlerts {
  const ledger = new TestingLedger();
  ledger.flag("c");
  let all: HeldAlerts | undefined;
  for (let i = 0; i < count; i++) all = joinHeld(all, heldOf({ ...ledger.flagged[0], ...changes(i) }));
  return all!;
}

Deno.test("sumsOf() says where there are more customers than were counted", () => {
  const few = sumsOf(held(99_999, (i) => ({ customerId: `c${i}` })));
  assertEquals([few.customers, "customers_at_least" in few], [99_999, false]);
  const many = sumsOf(held(100_001, (i) => ({ customerId: `c${i}` })));
  assertEquals([many.count, many.customers, many.customers_at_least], [100_001, 100_000, true]);
});

Deno.test("sumsOf() says where there are more currencies than were summed up", () => {
  const currency = (i: number) => ({ currency: `A${String.fromCharCode(65 + i / 26, 65 + i % 26)}` });
  assert(!("more_currencies" in sumsOf(held(50, currency))));
  const { amounts, more_currencies } = sumsOf(held(51, currency));
  assertEquals([amounts.length, more_currencies], [50, true]);
});

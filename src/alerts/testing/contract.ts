/**
 * What every listener must do, as tests that anyone can run against an adapter of their own.
 *
 * @module
 */
import { assertEquals } from "../../testing/assert.ts";
import type { Alert, AlertGroup, AlertSink } from "../alerts.ts";

/** How to run the suite. */
export interface AlertsContractOptions {
  /** Opens the listener and says how to read what arrived: the transaction ids, in order. */
  open(): Promise<{ sink: AlertSink; received(): Promise<string[]> }>;
  skip?: string;
}

/** An alert for tests. */
export function alertOf(offset: number): Alert {
  const verdict = {
    transaction_id: `t${offset}`,
    customer_id: `c'${offset}`,
    terminal_id: "m\n1",
    amount: 12.5,
    currency: "EUR",
    timestamp: "2026-01-02T03:04:05.000Z",
    topic: "transactions",
    partition: 0,
    offset,
    anomaly_score: 0.7,
    threshold: 0.6,
    flagged: true,
    model: "ab",
    reasons: [{ feature: "amount", value: 12.5, contribution: -1, text: "amount of 12.50" }],
    scored_at: "2026-01-02T03:04:06.000Z",
  };
  return { id: `transactions/0/${offset}`, verdict: JSON.stringify(verdict) };
}

/** Several transactions of one customer, for tests. */
export function groupOf(count: number): AlertGroup {
  return {
    kind: "customer",
    count,
    customers: 1,
    amounts: [{ currency: "EUR", amount: 12.5 * count }],
    from: "2026-01-02T03:04:05.000Z",
    to: "2026-01-02T03:14:05.000Z",
  };
}

/** Registers the suite under a name. */
export function alertsContract(adapter: string, options: AlertsContractOptions): void {
  const test = (name: string, fn: () => Promise<void>) =>
    Deno.test({
      name: `${adapter}: ${name}${options.skip ? ` (skipped: ${options.skip})` : ""}`,
      ignore: options.skip !== undefined,
      fn,
    });

  test("send() delivers every alert, in order", async () => {
    const { sink, received } = await options.open();
    await sink.send([]);
    await sink.send([alertOf(1), alertOf(2)]);
    await sink.send([alertOf(3)]);
    await sink[Symbol.asyncDispose]();
    assertEquals(await received(), ["t1", "t2", "t3"]);
  });

  test("send() delivers what is told of several transactions", async () => {
    const { sink, received } = await options.open();
    await sink.send([{ ...alertOf(4), id: "transactions/0/1-4", group: groupOf(3) }]);
    await sink[Symbol.asyncDispose]();
    assertEquals(await received(), ["t4"]);
  });

  test("send() may be repeated", async () => {
    const { sink, received } = await options.open();
    await sink.send([alertOf(1)]);
    await sink.send([alertOf(1)]);
    await sink[Symbol.asyncDispose]();
    assertEquals(new Set(await received()), new Set(["t1"]));
  });
}

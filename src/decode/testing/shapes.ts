import type { WrittenDefinition } from "../definition/definition.ts";

/** One transaction as the project writes it. */
export interface OwnRecord {
  transaction_id: string;
  customer_id: string;
  terminal_id: string;
  amount: number;
  currency: string;
  timestamp: string;
}

/** A shape of records that teams have, and the definition under which they are the project's own. */
export interface Shape {
  name: string;
  definition: WrittenDefinition;
  write(own: OwnRecord, number: number): unknown;
  /** Whether a record of that number is passed over. */
  passes?(number: number): boolean;
}

/** The first `count` transactions of a made-up stream. */
export function ownRecords(count: number): OwnRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    transaction_id: `t${i}`,
    customer_id: `c${i * 7 % 11}`,
    terminal_id: `m${i * 5 % 13}`,
    amount: Number((i * 37 % 999 / 10 + 0.07).toFixed(2)),
    currency: "EUR",
    timestamp: new Date(Date.UTC(2026, 0, 1) + i * 61_000).toISOString().replace(".000", ""),
  }));
}

const FIELDS = {
  transaction_id: "transaction_id",
  customer_id: "customer_id",
  terminal_id: "terminal_id",
  amount: "amount",
  currency: "currency",
  timestamp: "timestamp",
} as const;

const withFields = (fields: Partial<WrittenDefinition["fields"]>, more: Partial<WrittenDefinition> = {}) => ({
  ...more,
  version: 1 as const,
  fields: { ...FIELDS, ...fields },
});

const epoch = (own: OwnRecord, unitMs: number) => Date.parse(own.timestamp) / unitMs;
const cents = ({ amount }: OwnRecord) => Math.round(amount * 100);

/** Shapes of JSON. */
export const SHAPES: readonly Shape[] = [
  { name: "own", definition: withFields({}), write: (own) => own },
  {
    name: "renamed",
    definition: {
      version: 1,
      fields: {
        transaction_id: "txnId",
        customer_id: "card Token",
        terminal_id: '["merchant.id"]',
        amount: "txnAmount",
        currency: "ccy",
        timestamp: "txnTime",
      },
    },
    write: (own) => ({
      "txnId": own.transaction_id,
      "card Token": own.customer_id,
      "merchant.id": own.terminal_id,
      "txnAmount": own.amount,
      "ccy": own.currency,
      "txnTime": own.timestamp,
    }),
  },
  {
    name: "amount as text",
    definition: withFields({}),
    write: (own) => ({ ...own, amount: own.amount.toFixed(2) }),
  },
  {
    name: "cents",
    definition: withFields({ amount: { path: "amount", unit: "minor" } }),
    write: (own) => ({ ...own, amount: cents(own) }),
  },
  {
    name: "cents as text",
    definition: withFields({ amount: { path: "amount", unit: "minor" } }),
    write: (own) => ({ ...own, amount: String(cents(own)) }),
  },
  {
    name: "payments below 0",
    definition: withFields({ amount: { path: "amount", sign: "negative" } }),
    write: (own) => ({ ...own, amount: -own.amount }),
  },
  {
    name: "refunds by absolute value",
    definition: withFields({}, { negative: "absolute" }),
    write: (own, i) => ({ ...own, amount: i % 10 === 3 ? -own.amount : own.amount }),
  },
  ...(["s", "ms", "us", "ns"] as const).map((unit, i) => ({
    name: `epoch in ${unit}`,
    definition: withFields({ timestamp: { path: "timestamp", unit } }),
    // Nanoseconds are beyond 2^53 and come as text.
    write: (own: OwnRecord) => ({
      ...own,
      timestamp: unit === "ns" ? `${epoch(own, 1)}000000` : epoch(own, 1000 / 1000 ** i),
    }),
  })),
  {
    name: "local time",
    definition: withFields({ timestamp: { path: "timestamp", unit: "local", zone: "Europe/Amsterdam" } }),
    write: (own) => ({
      ...own,
      timestamp: new Date(epoch(own, 1) + 3_600_000).toISOString().slice(0, 19).replace("T", " "),
    }),
  },
  {
    name: "pattern",
    definition: withFields({
      timestamp: { path: "timestamp", unit: "local", zone: "UTC", pattern: "dd.MM.yyyy HH:mm:ss" },
    }),
    write(own) {
      const [year, month, day] = own.timestamp.slice(0, 10).split("-");
      return { ...own, timestamp: `${day}.${month}.${year} ${own.timestamp.slice(11, 19)}` };
    },
  },
  {
    name: "currency in small letters",
    definition: withFields({ currency: { path: "currency", case: "upper" } }),
    write: (own) => ({ ...own, currency: "eur" }),
  },
  {
    name: "currency by default",
    definition: withFields({ currency: { path: "currency", default: "EUR" } }),
    write: ({ currency: _, ...own }) => own,
  },
  {
    name: "nested",
    definition: {
      version: 1,
      fields: {
        transaction_id: "payment.id",
        customer_id: "payer.cards[0].token",
        terminal_id: "acceptor.terminal",
        amount: "payment.money.value",
        currency: "payment.money.currency",
        timestamp: "occurredAt",
      },
    },
    write: (own) => ({
      payment: { id: own.transaction_id, money: { value: own.amount, currency: own.currency } },
      payer: { cards: [{ token: own.customer_id }] },
      acceptor: { terminal: own.terminal_id },
      occurredAt: own.timestamp,
    }),
  },
  {
    name: "event",
    definition: withFields(
      { amount: { path: "amount", unit: "minor" }, timestamp: { path: "$.created", unit: "s" } },
      {
        unwrap: { path: "data.object" },
        where: [{ path: "$.type", one_of: ["charge.succeeded", "charge.updated"] }],
      },
    ),
    write: (own, i) => ({
      type: i % 4 === 1 ? "refund.created" : "charge.succeeded",
      created: epoch(own, 1000),
      data: { object: { ...own, amount: cents(own) } },
    }),
    passes: (i) => i % 4 === 1,
  },
  {
    name: "debezium",
    definition: withFields({ timestamp: { path: "timestamp", unit: "us" } }, { unwrap: "debezium" }),
    write: (own, i) =>
      i % 6 === 2 ? null : {
        schema: { type: "struct" },
        payload: {
          before: null,
          after: { ...own, timestamp: epoch(own, 1e-3) },
          op: ["c", "r", "u"][i % 3],
          ts_ms: 1,
        },
      },
    passes: (i) => i % 3 === 2,
  },
  {
    name: "cloudevents",
    definition: withFields({}, { unwrap: "cloudevents" }),
    write: (own, i) => ({ specversion: "1.0", id: `e${i}`, type: "authorised", data: own }),
  },
  {
    name: "connect",
    definition: withFields({}, { unwrap: "connect" }),
    write: (own) => ({ schema: { type: "struct", fields: [] }, payload: own }),
  },
];

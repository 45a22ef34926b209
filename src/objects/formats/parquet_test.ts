import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { assertEquals, assertRejects } from "../../testing/assert.ts";
import { encodeVerdict, type Verdict } from "../../domain/verdict.ts";
import { encodeParquet } from "./parquet.ts";
import { readObject } from "./read_object.ts";

/** A verdict for tests; every third one has no optional field, every fifth one has fields of its own. */
function verdictOf(offset: number): Verdict {
  const source = {
    ...(offset % 3 === 0 ? {} : { currency: "EUR", merchant_category: 742, country: "NL", channel: "pos" }),
    ...(offset % 5 === 0 ? { note: "ß 😀 \u0000", nested: { a: [1, null] }, extra_fields: 7 } : {}),
  };
  return {
    transaction: {
      transactionId: `t${offset}`,
      customerId: "c",
      terminalId: "m",
      amount: offset + 0.1,
      amountMinor: offset * 100 + 10,
      timestampMs: 1_700_000_000_123 + offset,
      source,
    },
    anomalyScore: 1 / (offset + 2),
    threshold: 0.5,
    flagged: true,
    model: "ab",
    reasons: Array.from(
      { length: offset % 4 },
      (_, i) => ({ feature: `f${i}`, value: i / 3, contribution: -i - 0.5, text: `f${i} is high` }),
    ),
    scoredAtMs: 1_700_000_001_000,
  };
}

const placeOf = (offset: number) => ({ topic: "transactions", partition: 3, offset: 5_000_000_000 + offset });

const verdicts = Array.from(
  { length: 300 },
  (_, offset) => encodeVerdict(verdictOf(offset), placeOf(offset)),
);

Deno.test("encodeParquet() keeps every field with its type", async () => {
  const rows = await parquetReadObjects({ file: encodeParquet(verdicts).slice().buffer });
  assertEquals(rows.length, verdicts.length);
  for (const [offset, row] of rows.entries()) {
    const { transaction: { source }, reasons } = verdictOf(offset);
    const hasOptional = offset % 3 !== 0;
    assertEquals(row, {
      transaction_id: `t${offset}`,
      customer_id: "c",
      terminal_id: "m",
      amount: offset + 0.1,
      currency: hasOptional ? "EUR" : null,
      merchant_category: hasOptional ? "0742" : null,
      country: hasOptional ? "NL" : null,
      channel: hasOptional ? "pos" : null,
      timestamp: new Date(1_700_000_000_123 + offset),
      topic: "transactions",
      partition: 3,
      offset: 5_000_000_000n + BigInt(offset),
      anomaly_score: 1 / (offset + 2),
      threshold: 0.5,
      flagged: true,
      model: "ab",
      reasons,
      scored_at: new Date(1_700_000_001_000),
      extra_fields: offset % 5 === 0
        ? JSON.stringify({ note: source.note, nested: source.nested, extra_fields: 7 })
        : null,
    });
  }
});

Deno.test("encodeParquet() keeps the digits of unknown fields, and a category as text", async () => {
  const fields = '"auth_id":1700000000123456797,"n":{"big":1e400,"neg":-0},"dec":100.00';
  const verdict = verdicts[1].replace("{", `{${fields},`).replace('"amount":1.1', '"amount":1.100');
  const [row] = await parquetReadObjects({ file: encodeParquet([verdict]).slice().buffer });
  assertEquals([row.extra_fields, row.amount, row.merchant_category], [`{${fields}}`, 1.1, "0742"]);
});

Deno.test("encodeParquet() gives the same bytes for the same verdicts, and one schema for all", () => {
  assertEquals(encodeParquet(verdicts), encodeParquet([...verdicts]));
  const schemaOf = (lines: string[]) => parquetMetadata(encodeParquet(lines).slice().buffer).schema;
  for (const some of [[], verdicts.slice(0, 1), verdicts.slice(1, 2)]) {
    assertEquals(schemaOf(some), schemaOf(verdicts));
  }
});

Deno.test("readObject() reads what encodeParquet() wrote, and refuses other bytes", async () => {
  const rows = await readObject("parquet", encodeParquet(verdicts));
  assertEquals(
    rows.map(({ place, offset }) => [place, offset]),
    verdicts.map((_, offset) => ["transactions/3", 5_000_000_000 + offset]),
  );
  assertEquals(new Set(rows.map(({ text }) => text)).size, verdicts.length);
  await assertRejects(() => readObject("parquet", new TextEncoder().encode("{}\n".repeat(20))));
});

import { decodeBody, encodeBody } from "../../broker/record_batch.ts";
import { assert, assertEquals, assertStringIncludes } from "../../testing/assert.ts";
import type { Transaction } from "../../domain/transaction.ts";
import { encodeVerdict } from "../../domain/verdict.ts";
import { jsonFormat } from "../formats/json.ts";
import { ownRecords, SHAPES } from "../testing/shapes.ts";
import { decodeBatch, type DecodedBatch } from "../decode.ts";
import { openDecoder } from "../wasm.ts";
import { definedDecoder } from "./decoder.ts";
import type { WrittenDefinition } from "./definition.ts";
import { readDefinition } from "./read.ts";

const own = ownRecords(60);

function batchOf(values: readonly unknown[], headers?: Record<string, string>) {
  return decodeBody(
    "t",
    2,
    100,
    encodeBody(
      values.map((value) => ({
        key: "the-key",
        value: value === null ? null : typeof value === "string" ? value : JSON.stringify(value),
        headers,
        timestampMs: 1.77e12,
      })),
      0,
    ),
  );
}

async function decoderOf(definition: WrittenDefinition) {
  return definedDecoder(
    readDefinition(JSON.stringify(definition), "test.json"),
    jsonFormat,
    {
      own: await openDecoder(),
      maxAheadMs: 86_400_000,
    },
  );
}

/** All that the features, the log and the verdict are made of. */
function shown({ columns }: DecodedBatch) {
  const { count, amount, amountMinor, timestampMs, currency, transactionKey, customerKey, terminalKey } =
    columns;
  const keys = [transactionKey, customerKey, terminalKey].map((each) => [...each.subarray(0, 2 * count)]);
  const numbers = [amount, amountMinor, timestampMs, currency].map((each) => [...each.subarray(0, count)]);
  return { count, keys, numbers, ids: new TextDecoder().decode(columns.idBytes) };
}

for (const { name, definition, write, passes = () => false } of SHAPES) {
  Deno.test(`definedDecoder() makes of the shape "${name}" what the project's own records are`, async () => {
    const decoder = await decoderOf(definition);
    const wanted = own.filter((_, i) => !passes(i));
    const decoded = decoder.decodeBatch(batchOf(own.map(write)));
    assertEquals(decoded.faults, []);
    assertEquals(decoded.passed, own.length - wanted.length);
    assertEquals(shown(decoded), shown(decodeBatch(batchOf(wanted))));
  });
}

const PLAIN = {
  version: 1,
  fields: { customer_id: "card", amount: "sum", timestamp: "at" },
} as const satisfies WrittenDefinition;
const PAID = { card: "c1", sum: 12.5, at: "2026-01-01T00:00:00Z" };

Deno.test("definedDecoder() names all faults of a record at once, with the paths of its fields", async () => {
  const decoder = await decoderOf(PLAIN);
  const { faults, passed } = decoder.decodeBatch(
    batchOf([{ card: "", sum: "1,50", at: 1_767_225_600 }, null, "[]", "{"]),
  );
  assertEquals(faults.map(({ recordIndex, error }) => [recordIndex, error.reason]), [
    [0, "wrong-field"],
    [2, "not-an-object"],
    [3, "not-json"],
  ]);
  assertEquals(passed, 1);
  const [{ error: { message } }] = faults;
  assertStringIncludes(message, "customer_id (card) must be text of 1 to 128 bytes");
  assertStringIncludes(
    message,
    'amount (sum) must be a number, or a decimal with a point as text: current value is "1,50"',
  );
  assertStringIncludes(message, "with unit: s it is 2026-01-01T00:00:00.000Z");
});

Deno.test("definedDecoder() lets topic, partition and offset stand for an id, and leaves out a terminal", async () => {
  const decoder = await decoderOf(PLAIN);
  const { columns } = decoder.decodeBatch(batchOf([PAID, PAID]));
  assertEquals(columns.transaction(1).transactionId, "t/2/101");
  assertEquals(columns.transaction(1).terminalId, "");
  assertEquals([...columns.terminalKey], [0, 0, 0, 0]);
});

Deno.test("definedDecoder() reads headers, the key and the record's time", async () => {
  const decoder = await decoderOf({
    version: 1,
    fields: { customer_id: { key: true }, amount: { header: "sum" }, timestamp: { record_time: true } },
  });
  const { columns } = decoder.decodeBatch(batchOf(["{}"], { sum: "7.25" }));
  const { customerId, amount, timestampMs } = columns.transaction(0);
  assertEquals([customerId, amount, timestampMs], ["the-key", 7.25, 1.77e12]);
});

Deno.test("definedDecoder() treats refunds and amounts of 0 as the definition says", async () => {
  const values = [{ ...PAID, sum: -3 }, { ...PAID, sum: 0 }, PAID];
  const outcome = async (more: Partial<WrittenDefinition>) => {
    const { columns, faults, passed } = (await decoderOf({ ...PLAIN, ...more })).decodeBatch(batchOf(values));
    return [columns.count, faults.length, passed];
  };
  assertEquals(await outcome({}), [1, 2, 0]);
  assertEquals(await outcome({ negative: "pass", zero: "pass" }), [1, 0, 2]);
  assertEquals(await outcome({ negative: "absolute", zero: "pass" }), [2, 0, 1]);
});

Deno.test("definedDecoder() keeps what an optional field holds where that is no code, and counts it", async () => {
  const decoder = await decoderOf({
    ...PLAIN,
    fields: { ...PLAIN.fields, merchant_category: "mcc", country: "land" },
  });
  const { columns, faults } = decoder.decodeBatch(batchOf([{ ...PAID, mcc: 742, land: "Holland" }]));
  assertEquals(faults, []);
  const { merchantCategory, country, source } = columns.transaction(0);
  assertEquals([merchantCategory, country, source.merchant_category], ["0742", undefined, "0742"]);
  assertEquals([...decoder.reader.malformed], [["country", 1]]);
});

Deno.test("definedDecoder() leaves card data out of what is kept, and says which fields", async () => {
  const record = {
    ...PAID,
    pan: "4111111111111111",
    cvv: 123,
    expiry_month: 12,
    order: { ref: "5500005555555559", note: "gift" },
    number: 42,
  };
  const decoder = await decoderOf(PLAIN);
  const { columns } = decoder.decodeBatch(batchOf([record]));
  assertEquals(columns.transaction(0).source, { order: { note: "gift" }, number: 42 });
  assertEquals([...decoder.reader.leftOut].sort(), ["cvv", "expiry_month", "order.ref", "pan"]);
  const named = await decoderOf({ ...PLAIN, keep: ["number", "pan"] });
  assertEquals(named.decodeBatch(batchOf([record])).columns.transaction(0).source, {
    number: 42,
    pan: "4111111111111111",
  });
  const without = await decoderOf({ ...PLAIN, keep: { without: ["order.note", "number"] } });
  assert(!JSON.stringify(without.decodeBatch(batchOf([record])).columns.transaction(0)).includes("gift"));
});

Deno.test("definedDecoder() keeps digits, and writes the amount that it read whatever field has the name", async () => {
  const decoder = await decoderOf(PLAIN);
  const fields = '"ref":1700000000123456797,"n":{"a":[-0,1e400],"__proto__":{"b":1.0}},"s":"x"';
  const json =
    `{"card":4600000000000012345,"sum":12.5,"at":"2026-01-01T00:00:00Z","amount":"a lot",${fields}}`;
  const { columns, faults } = decoder.decodeBatch(batchOf([
    json,
    json.replace("4600000000000012345", '"\\ud800"'),
    json.replace('"x"', '"\\u0000\\udfff"'),
  ]));
  assertEquals(faults.map(({ recordIndex }) => recordIndex), [1]);
  const text = verdictOf(columns.transaction(0));
  assertStringIncludes(text, `"amount":12.5,${fields},`);
  assertStringIncludes(text, '"customer_id":"4600000000000012345"');
  assertStringIncludes(verdictOf(columns.transaction(1)), '"s":"\ufffd\ufffd"');
});

Deno.test("definedDecoder() keeps what JSON has no word for: 64-bit numbers, NaN and bytes of other formats", async () => {
  const kept = {
    long: 2n ** 63n - 1n,
    nan: NaN,
    far: -Infinity,
    zero: -0,
    bytes: Uint8Array.of(1, 2),
    nul: "a\0",
  };
  const decoder = definedDecoder(
    readDefinition(JSON.stringify(PLAIN), "test.json"),
    { read: () => ({ ...PAID, kept }) },
    { own: await openDecoder(), maxAheadMs: 86_400_000 },
  );
  assertStringIncludes(
    verdictOf(decoder.decodeBatch(batchOf([PAID])).columns.transaction(0)),
    '"kept":{"long":9223372036854775807,"nan":"NaN","far":"-Infinity","zero":-0,"bytes":"AQI=","nul":"a\ufffd"}',
  );
});

function verdictOf(transaction: Transaction): string {
  return encodeVerdict(
    { transaction, anomalyScore: 1, threshold: 0, flagged: true, model: "", reasons: [], scoredAtMs: 0 },
    null,
  );
}

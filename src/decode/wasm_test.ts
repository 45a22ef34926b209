import { DECODE_BYTES, DECODE_RECORDS } from "../../assembly/layout.ts";
import type { RecordBatch } from "../broker/broker.ts";
import { decodeBody, encodeBody, sliceBatch } from "../broker/record_batch.ts";
import { DEFAULT_MAX_AHEAD_MS } from "../domain/time.ts";
import { assert, assertEquals, assertRejects } from "../testing/assert.ts";
import { decodeBatch } from "./decode.ts";
import { openDecoder } from "./wasm.ts";
import { assertSameLabels, assertSameTransactions, compareDecoders } from "./testing/wasm_cases.ts";

const encoder = new TextEncoder();
const good = {
  transaction_id: "6f1c7d0e-58f4-4e0b-93a4-1f2d1f3f9b11",
  customer_id: "c-000596",
  terminal_id: "t-003156",
  amount: 57.16,
  currency: "EUR",
  merchant_category: "5411",
  country: "NL",
  channel: "pos",
  timestamp: "2018-04-01T00:00:31Z",
};
const json = JSON.stringify(good);
const batchOf = (values: (string | Uint8Array | null)[]): RecordBatch =>
  decodeBody("t", 0, 50, encodeBody(values.map((value) => ({ key: null, value })), 0));

async function openCounted() {
  const counted = { left: 0 };
  const decoder = await openDecoder({ onLeft: (records) => counted.left += records });
  return { decoder, counted };
}

/** Asserts that both decoders read the values the same; gives the number of records left to TypeScript. */
async function compare(values: (string | Uint8Array | null)[], batch = batchOf(values)): Promise<number> {
  const { decoder, counted } = await openCounted();
  const bytes = values.map((value) => typeof value === "string" ? encoder.encode(value) : value);
  assertSameTransactions(decoder, batch, bytes);
  return counted.left;
}

const taken: [name: string, value: string][] = [
  ["every field", json],
  ["fields in another order", JSON.stringify(Object.fromEntries(Object.entries(good).reverse()))],
  ["white space", JSON.stringify(good, null, 3) + "\r\n"],
  ["required fields only", json.replace(/"currency.*pos",/, "")],
  ["null codes", json.replace(/"(EUR|5411|NL|pos)"/g, "null")],
  ["numbers as ids", json.replace('"c-000596"', "596").replace('"t-003156"', "0")],
  ["numbers of any length as ids", json.replace('"c-000596"', "1700000000123456797")],
  ["ids of other scripts", json.replace("c-000596", "顧客-ß-😀")],
  ["an id of 128 bytes", json.replace("c-000596", "x".repeat(128))],
  ["a time in milliseconds", json.replace('"2018-04-01T00:00:31Z"', "1522540831000")],
  ["a time with a fraction and an offset", json.replace("31Z", "31.123456+02:00")],
  ["a category that is a number", json.replace('"5411"', "742")],
  ["unknown fields", json.replace("{", '{"a":-1.5e3,"b":true,"c":null,"d":"\\u00e9 \\"x\\"","":0,')],
  ["15 digits", json.replace("57.16", "123456.789012345")],
];

for (const [name, value] of taken) {
  Deno.test(`openDecoder() takes ${name} in WebAssembly`, async () => {
    assertEquals(decodeBatch(batchOf([value])).columns.count, 1);
    assertEquals(await compare([value]), 0);
  });
}

Deno.test("openDecoder() leaves to TypeScript what it cannot take for certain", async () => {
  const values = [
    json.replace("57.16", "5.716e1"),
    json.replace("57.16", "57.1600000000000001"),
    json.replace("c-000596", "\\u0063"),
    json.replace("{", '{"x":{"y":[1]},'),
    json.replace('"amount"', '"\\u0061mount"'),
    json.replace("57.16", "-0"),
    json.replace("{", '{"amount":1,'),
    json.replace("{", '{"x":1,"x":1,'),
    json.slice(0, -1),
    json + "}",
    null,
    "",
  ];
  assertEquals(await compare(values), values.length);
});

Deno.test("openDecoder() does not read a record beyond its end", async () => {
  const values = Array.from({ length: json.length }, (_, i) => [json.slice(0, i), json.slice(i)]).flat();
  await compare([...values, json]);
  const spaces = Array.from({ length: 100 }, (_, i) => " ".repeat(i));
  await compare([json, ...spaces, json, "{", ...spaces, json]);
});

Deno.test("openDecoder() finds the same for every amount of few digits", async () => {
  const amounts = Array.from({ length: 30_000 }, (_, i) => String((i * 7919 + 1) / 10 ** (i % 12)))
    .filter((text) => !text.includes("e"));
  await compare(amounts.map((amount) => json.replace("57.16", amount)));
});

Deno.test("openDecoder() reads times as the TypeScript reader does, at every edge of calendar, clock and zone", async () => {
  const days = [
    "2016-12-31",
    "2016-12-30",
    "2015-06-30",
    "2016-02-29",
    "2015-02-29",
    "2018-02-30",
    "9999-12-31",
  ];
  const clocks = [
    "00:00:00",
    "23:59:59",
    "23:59:60",
    "22:59:60",
    "15:59:60",
    "24:00:00",
    "12:60:00",
    "23:59:61",
  ];
  const fractions = ["", ".5", ".999999999", ".", ",5"];
  const zones = ["Z", "z", "+00:00", "-08:00", "-08:01", "+01:00", "+0530", "+24:00", "", " Z"];
  const texts = days.flatMap((day) =>
    clocks.flatMap((clock) =>
      fractions.flatMap((fraction) =>
        zones.flatMap((zone) => ["T", " "].map((between) => `"${day}${between}${clock}${fraction}${zone}"`))
      )
    )
  );
  const numbers = [
    "1522540831",
    "1522540831000",
    "1522540831000000",
    "1.5e12",
    "1522540831000.0",
    "-1",
    "43191",
  ];
  const values = [...texts, ...numbers].map((time) => json.replace('"2018-04-01T00:00:31Z"', time));
  await compare(values);
  const labels = values.map((value) =>
    value.replace("{", '{"is_fraud":true,"labelled_at":"2026-01-01T00:00:00Z",').replace(
      "2026-01-01T00:00:00Z",
      "2016-12-31T23:59:60Z",
    )
  );
  const { decoder } = await openCounted();
  const read = assertSameLabels(decoder, batchOf(labels), labels.map((label) => encoder.encode(label)));
  assert(read > 100 && read < labels.length, `${read} of ${labels.length} are labels`);
});

Deno.test("openDecoder() decodes batches of more than the module holds, slices and values in any order", async () => {
  const values = Array.from(
    { length: DECODE_RECORDS * 2 + 17 },
    (_, i) => i % 97 === 0 ? "bad" : json.replace("57.16", String(i)),
  );
  const batch = batchOf(values);
  assertEquals(await compare(values, batch), Math.ceil(values.length / 97));
  await compare(values.slice(90, 300), sliceBatch(batch, 90, 300));
  const reversed = {
    ...batch,
    valueStart: batch.valueStart.toReversed(),
    valueEnd: batch.valueEnd.toReversed(),
  };
  await compare(values.toReversed(), reversed);

  const long = json.replace("{", `{"note":"${"ß".repeat(30_000)}",`);
  const longs = Array.from(
    { length: 3 * Math.ceil(DECODE_BYTES / long.length) },
    (_, i) => i % 40 === 3 ? "x".repeat(70_000) : i % 7 === 0 ? null : long,
  );
  await compare(longs);
});

Deno.test("openDecoder() reads a transaction when it is asked for, from the batch of its columns", async () => {
  const decoder = await openDecoder();
  const { columns } = decoder.decodeBatch(batchOf(["bad", json, json.replace('"c-000596"', '"\\u0063"')]));
  decoder.decodeBatch(batchOf([json.replace("57.16", "1"), json.replace("57.16", "2")]));
  assertEquals([...columns.amount.subarray(0, columns.count)], [57.16, 57.16]);
  assertEquals(columns.transaction(0).source, good);
  assertEquals(columns.transaction(1).customerId, "c");
});

Deno.test("openDecoder() rounds every amount near half a minor unit as its decimal digits say", async () => {
  const amounts = Array.from(
    { length: 20_000 },
    (_, i) => `${i * 7919 % 100_003}.${i % 100}${4 + i % 3}${9 * (i % 2)}5`,
  );
  for (const currency of ["EUR", "JPY", "KWD", "CLF"]) {
    await compare(amounts.map((each) => json.replace("EUR", currency).replace("57.16", each)));
  }
  const decoder = await openDecoder();
  const values = ["8.575", "1.005", "1e-7", "8.5749999999999999999"].map((each) =>
    json.replace("57.16", each)
  );
  assertEquals([...decoder.decodeBatch(batchOf(values)).columns.amountMinor], [858, 101, 0, 857]);
});

const label = {
  transaction_id: good.transaction_id,
  customer_id: good.customer_id,
  terminal_id: good.terminal_id,
  timestamp: good.timestamp,
  is_fraud: true,
  labelled_at: "2018-04-08T00:00:31.5Z",
  scenario: 2,
};
const labelJson = JSON.stringify(label);

Deno.test("openDecoder() takes ordinary labels in WebAssembly, and leaves the others", async () => {
  const { decoder, counted } = await openCounted();
  const compareLabels = (values: (string | null)[]) =>
    assertSameLabels(
      decoder,
      batchOf(values),
      values.map((value) => value === null ? null : encoder.encode(value)),
    );
  const ordinary = [
    labelJson,
    labelJson.replace("true", "false"),
    labelJson.replace("true", "1"),
    labelJson.replace("true", "0"),
    labelJson.replace("2}", '2,"z":-3.25}'),
    labelJson.replace("2}", '2,"z":null}'),
    labelJson.replace("2}", '2,"amount":"any","currency":7}'),
    labelJson.replace('"2018-04-01T00:00:31Z"', "1522540831000"),
    labelJson.replace('"c-000596"', "596"),
  ];
  assertEquals(compareLabels(ordinary), ordinary.length);
  assertEquals(counted.left, 0);
  const left = [
    labelJson.replace("true", "1.0"),
    labelJson.replace("2}", '2,"z":0.12345678901234567}'),
    labelJson.replace("true", '"true"'),
    labelJson.replace("c-000596", "\\u0063"),
    json,
    null,
  ];
  assertEquals(compareLabels(left), 3);
  assertEquals(counted.left, left.length);
});

Deno.test("openDecoder() takes an empty batch", async () => {
  assertEquals(await compare([]), 0);
});

Deno.test("openDecoder() says what it needs", async () => {
  await assertRejects(() => openDecoder({ wasm: new Uint8Array([0]) }), WebAssembly.CompileError);
});

for (const kind of ["transaction", "label"] as const) {
  Deno.test(`openDecoder() and the TypeScript decoder agree on 50,000 mutated records, each a ${kind}`, async () => {
    const { decoder, counted } = await openCounted();
    const { records, accepted } = compareDecoders(decoder, 50_000, { kind, seed: 1 });
    assertEquals(records, 50_000);
    // Neither path is idle: some are refused, and many are taken without TypeScript.
    assert(accepted > 10_000 && accepted < 45_000, `${accepted} accepted`);
    assert(counted.left < 40_000 && counted.left > records - accepted, `${counted.left} left`);
  });
}

Deno.test("openDecoder() refuses times further ahead of the record's own than the bound, where it has one", async () => {
  const recordMs = Date.UTC(2026, 0, 1);
  const ids = `"transaction_id":"t","customer_id":"c","terminal_id":"m"`;
  const cases: [aheadMs: number, ownMs: number, isRefused: boolean][] = [
    [DEFAULT_MAX_AHEAD_MS, recordMs, false],
    [DEFAULT_MAX_AHEAD_MS + 1, recordMs, true],
    [1e13, recordMs, true],
    [1e13, -1, false],
    [1e13, 0, false],
    [1e13, recordMs / 1000, false],
    [1e13, recordMs * 1e6, false],
  ];
  const bodyOf = (json: (ms: number) => string) =>
    encodeBody(
      cases.map(([aheadMs, timestampMs]) => ({ key: null, value: json(recordMs + aheadMs), timestampMs })),
      0,
    );
  const untimed: number[] = [];
  const decoder = await openDecoder({ onUntimed: (records) => untimed.push(records) });
  const expected = cases.flatMap(([, , isRefused], i) => isRefused ? [`${i} too-far-ahead`] : []);
  for (
    const json of [
      (ms: number) => `{${ids},"amount":1,"timestamp":${ms}}`,
      (ms: number) => `{${ids},"amount":1,"nested":{},"timestamp":${ms}}`,
      (ms: number) => `{${ids},"is_fraud":true,"timestamp":${recordMs},"labelled_at":${ms}}`,
      (ms: number) => `{${ids},"is_fraud":1,"timestamp":${ms},"labelled_at":${recordMs},"x":[]}`,
    ]
  ) {
    const batch = decodeBody("t", 0, 0, bodyOf(json));
    const decoded = json(0).includes("amount") ? decoder.decodeBatch(batch) : decoder.decodeLabels(batch);
    const faults = decoded.faults.map(({ recordIndex, error }) => `${recordIndex} ${error.reason}`);
    assertEquals([faults, decoded.columns.count], [expected, cases.length - expected.length]);
  }
  assertEquals(untimed, [4, 4, 4, 4]);
  const unbounded = await openDecoder({ maxAheadMs: Infinity });
  const batch = decodeBody("t", 0, 0, bodyOf((ms) => `{${ids},"amount":1,"timestamp":${ms}}`));
  assertEquals(unbounded.decodeBatch(batch).faults, []);
});

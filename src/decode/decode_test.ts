import { gzipSync } from "node:zlib";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "../testing/assert.ts";
import { decodeBody, encodeBody } from "../broker/record_batch.ts";
import { hashId, idKey } from "../domain/hash_id.ts";
import { encodeVerdict } from "../domain/verdict.ts";
import { type DeadLetterReason, TransactionError } from "../domain/transaction.ts";
import { decodeLabel } from "./label.ts";
import { decodeBatch, decodeTransaction } from "./decode.ts";

const encoder = new TextEncoder();
const good = {
  transaction_id: "t1",
  customer_id: "c1",
  terminal_id: "m1",
  amount: 12.5,
  timestamp: "2026-01-02T03:04:05Z",
};
const json = JSON.stringify(good);
const decode = (value: unknown) =>
  decodeTransaction(encoder.encode(typeof value === "string" ? value : JSON.stringify(value)));

function reasonOf(bytes: Uint8Array | null): [DeadLetterReason, string] {
  const error = assertThrows(() => decodeTransaction(bytes), TransactionError);
  return [error.reason, error.message];
}

Deno.test("decodeTransaction() says what a record is that is no text, and what to do", () => {
  const json = '{"transaction_id":"1"}';
  const cases: [Uint8Array, string, string][] = [
    [
      new TextEncoder().encode(`\0\0\0\0*${json}`),
      "not-json",
      "written by a schema registry serializer (schema 42); send plain",
    ],
    [
      Uint8Array.of(0, 0, 0, 1, 0x80, 2, 0xff),
      "not-utf8",
      "written by a schema registry serializer (schema 384)",
    ],
    [gzipSync(json), "not-utf8", "must be UTF-8: it is gzip data; unpack it first"],
    [
      new TextEncoder().encode(`\ufeff${json}`),
      "not-json",
      "it begins with a byte order mark; send it without",
    ],
    [
      Uint8Array.from([...json].flatMap((sign) => [sign.charCodeAt(0), 0])),
      "not-json",
      "text in UTF-16 without",
    ],
    [
      Uint8Array.of(0x81, 0xa1, 0x61, 1),
      "not-utf8",
      "it is binary data, such as Avro, Protobuf or MessagePack",
    ],
    [Uint8Array.of(0x7b, 0xe9, 0x7d), "not-utf8", "was it written in Windows-1252"],
  ];
  for (const [value, reason, message] of cases) {
    const error = assertThrows(() => decodeTransaction(value), TransactionError);
    assertEquals(error.reason, reason);
    assertStringIncludes(error.message, message);
  }
});

Deno.test("decodeTransaction() reads every field, and keeps unknown ones", () => {
  const decoded = decode({
    ...good,
    currency: "JPY",
    merchant_category: "0742",
    country: "NL",
    channel: "online",
    device: { os: ["a", { b: 1 }] },
  });
  assertEquals(decoded.amountMinor, 13);
  assertEquals([decoded.currency, decoded.merchantCategory, decoded.country], ["JPY", "0742", "NL"]);
  assertEquals(decoded.timestampMs, Date.UTC(2026, 0, 2, 3, 4, 5));
  assertEquals(decoded.source.device, { os: ["a", { b: 1 }] });
});

Deno.test("decodeTransaction() takes whole numbers as ids, nulls as absent, any order and spacing", () => {
  const decoded = decode(
    ' {"amount":1e1,\n"x":null,"timestamp":1522540831000,"currency":null,"customer_id":596,"terminal_id":0,"transaction_id":"\\u0041"} ',
  );
  assertEquals([decoded.transactionId, decoded.customerId, decoded.terminalId], ["A", "596", "0"]);
  assertEquals([decoded.amountMinor, decoded.currency], [1000, undefined]);
});

/** The verdict's text on a record. */
const verdictOf = (json: string) =>
  encodeVerdict(
    {
      ...{ transaction: decode(json), anomalyScore: 0.5, threshold: 0.4, flagged: true },
      ...{ model: "", reasons: [], scoredAtMs: 0 },
    },
    null,
  );
const ids = `"transaction_id":"t1","customer_id":"c1","terminal_id":"m1","timestamp":"2026-01-02T03:04:05Z"`;

Deno.test("encodeVerdict() writes unknown fields and the amount as the record has them", () => {
  const fields =
    `"amount":12.50,"auth_id":1700000000123456797,"ref":0.1234567890123456789,"big":1e400,"neg":-0,` +
    `"dec":100.00,"n":{"id":[700000000000269425,{"x":1E5}]},"s":"1.0","__proto__":{"a":1.0}`;
  const text = verdictOf(`{${ids},${fields}}`);
  assertEquals(text.startsWith(`{${ids.replace("05Z", "05.000Z")},${fields},`), true, text);
});

Deno.test("encodeVerdict() writes U+FFFD for NUL and half surrogate pairs in unknown fields, at any depth", () => {
  const text = verdictOf(
    `{${ids},"amount":1.0,"a":"\\ud800","b":["x\\uDC00\\u0000y"],"c\\ud83d":{"\\ud83d\\ude00":"\\\\ud800"}}`,
  );
  assertStringIncludes(
    text,
    `"amount":1.0,"a":"\ufffd","b":["x\ufffd\ufffdy"],"c\ufffd":{"\u{1f600}":"\\\\ud800"}`,
  );
  assertEquals(reasonOf(encoder.encode(`{${ids},"amount":1,"\\ud800":1,"\\ud801":2}`))[0], "duplicate-key");
});

Deno.test("encodeVerdict() writes a category that is a number as its four digits", () => {
  assertStringIncludes(
    verdictOf(`{${ids},"amount":1,"merchant_category":742}`),
    `"merchant_category":"0742"`,
  );
  assertStringIncludes(verdictOf(`{${ids},"amount":1,"merchant_category":null}`), `"merchant_category":null`);
});

Deno.test("decodeTransaction() keeps all digits of ids that are numbers", () => {
  const digits = ["1700000000123456797", "4600000000000012345", "9007199254740992", "1".repeat(128)];
  for (const id of digits) assertEquals(decode(json.replace('"c1"', id)).customerId, id);
  const [, message] = reasonOf(encoder.encode(json.replace('"c1"', "12345678901234567890.5")));
  assertStringIncludes(message, "12345678901234567890.5");
});

Deno.test("decodeLabel() takes the digits of ids that are numbers, in any notation of the others", () => {
  const label = (id: string, more: string) =>
    decodeLabel(
      encoder.encode(`{${ids.replace('"c1"', id)},"labelled_at":1767323045000.0,${more}}`),
    );
  const { customerKey, isFraud, z, labelledAtMs } = label("4600000000000012345", '"is_fraud":1.0,"z":1.50');
  assertEquals(customerKey, idKey("4600000000000012345"));
  assertEquals([isFraud, z, labelledAtMs], [true, 1.5, 1767323045000]);
  assertThrows(() => label("4.5e30", '"is_fraud":false'), TransactionError, "4.5e30");
});

Deno.test("decodeTransaction() rounds amounts half up on their decimal digits", () => {
  const minorOf = (amount: string, currency = "EUR") =>
    decode(`{${ids},"currency":"${currency}","amount":${amount}}`).amountMinor;
  assertEquals([minorOf("8.575"), minorOf("1.005"), minorOf("8.5749999999999999999")], [858, 101, 857]);
  assertEquals([minorOf("0.004"), minorOf("857.5e-2"), minorOf("1.5e1")], [0, 858, 1500]);
  assertEquals([minorOf("12.345", "KWD"), minorOf("1.2345", "CLF"), minorOf("0.5", "UYI")], [
    12345,
    12345,
    1,
  ]);
});

const faults: [name: string, value: unknown, reason: DeadLetterReason, mentions: string][] = [
  ["text", "hello", "not-json", "JSON"],
  ["half an object", '{"transaction_id":', "not-json", "JSON"],
  ["NaN", JSON.stringify(good).replace("12.5", "NaN"), "not-json", "JSON"],
  ["an array", "[1]", "not-an-object", "array"],
  ["null", "null", "not-an-object", "null"],
  ["a number", "17", "not-an-object", "17"],
  ["a byte order mark", `\ufeff${JSON.stringify(good)}`, "not-json", "JSON"],
  ["a key twice", '{"amount":1,' + JSON.stringify(good).slice(1), "duplicate-key", "once"],
  ["an escaped key twice", '{"\\u0061mount":1,' + JSON.stringify(good).slice(1), "duplicate-key", "once"],
  [
    "a nested key twice",
    JSON.stringify({ ...good, a: 0 }).replace('"a":0', '"a":[{"b":{"c":1,"c":":"}}]'),
    "duplicate-key",
    "once",
  ],
  ["no amount", { ...good, amount: undefined }, "missing-field", "amount"],
  ["amount 0", { ...good, amount: 0 }, "wrong-field", "amount"],
  ["amount below 0", { ...good, amount: -3 }, "wrong-field", "-3"],
  ["amount as text", { ...good, amount: "12.5" }, "wrong-field", "amount"],
  ["amount null", { ...good, amount: null }, "wrong-field", "amount"],
  ["amount infinite", JSON.stringify(good).replace("12.5", "1e999"), "wrong-field", "amount"],
  ["amount huge", { ...good, amount: 1e300 }, "wrong-field", "1e+300"],
  ["amount beyond exact cents", { ...good, amount: 99999999999999999999 }, "wrong-field", "amount"],
  ["no id", { ...good, transaction_id: undefined }, "missing-field", "transaction_id"],
  ["an empty id", { ...good, customer_id: "" }, "wrong-field", "customer_id"],
  ["an id that is an object", { ...good, terminal_id: {} }, "wrong-field", "terminal_id"],
  ["an id that is a fraction", { ...good, customer_id: 1.5 }, "wrong-field", "1.5"],
  ["an id that is too long", { ...good, customer_id: "ü".repeat(65) }, "wrong-field", "customer_id"],
  ["an id with NUL", { ...good, customer_id: "a\u0000" }, "wrong-field", "customer_id"],
  ["an id with half a surrogate", { ...good, customer_id: "\ud800" }, "wrong-field", "customer_id"],
  ["no timestamp", { ...good, timestamp: undefined }, "missing-field", "timestamp"],
  ["a timestamp in seconds", { ...good, timestamp: 1522540831 }, "wrong-field", "timestamp"],
  ["a day that is none", { ...good, timestamp: "2026-02-30T00:00:00Z" }, "wrong-field", "02-30"],
  [
    "a timestamp without an offset",
    { ...good, timestamp: "2026-02-03T00:00:00" },
    "wrong-field",
    "timestamp",
  ],
  ["a currency in lower case", { ...good, currency: "usd" }, "wrong-field", "usd"],
  ["a channel that is none", { ...good, channel: "mail" }, "wrong-field", "mail"],
  ["a country of three letters", { ...good, country: "NLD" }, "wrong-field", "NLD"],
  ["a category of text", { ...good, merchant_category: "food" }, "wrong-field", "food"],
  ["1 MB of text", "x".repeat(1_000_000), "too-large", "1000000"],
  ["1 MB in a field", { ...good, note: "x".repeat(1_000_000) }, "too-large", "bytes"],
  ["deep nesting that is cut off", "[".repeat(60_000), "not-json", "JSON"],
  ["deep nesting", `{"a":${"[".repeat(30_000)}${"]".repeat(30_000)}}`, "too-large", "64 deep"],
];

for (const [name, value, reason, mentions] of faults) {
  Deno.test(`decodeTransaction() refuses ${name}`, () => {
    const bytes = encoder.encode(typeof value === "string" ? value : JSON.stringify(value));
    const [actual, message] = reasonOf(bytes);
    assertEquals(actual, reason);
    assert(message.includes(mentions), message);
    assert(message.length < 400, message);
  });
}

Deno.test("decodeTransaction() refuses what is empty or not UTF-8", () => {
  assertEquals(reasonOf(null)[0], "empty");
  assertEquals(reasonOf(new Uint8Array())[0], "empty");
  assertEquals(reasonOf(new Uint8Array([0x7b, 0xff, 0x7d]))[0], "not-utf8");
  const utf16 = new Uint8Array(new Uint16Array([...JSON.stringify(good)].map((c) => c.charCodeAt(0))).buffer);
  assertEquals(reasonOf(utf16)[0], "not-json");
});

Deno.test("decodeTransaction() reads nesting, colons in strings and a key named __proto__", () => {
  const depth = 63;
  const nested = JSON.stringify(good).slice(0, -1) + `,"deep":${"[".repeat(depth)}${"]".repeat(depth)}`;
  decode(`${nested},"a:b":"\\\\\\":c:","__proto__":{"toString":1}}`);
});

Deno.test("decodeBatch() puts each record in exactly one place, with keys of its ids", () => {
  const values = [
    JSON.stringify(good),
    "bad",
    JSON.stringify({ ...good, customer_id: "ß", amount: 7 }),
    null,
  ];
  const batch = decodeBody("t", 0, 50, encodeBody(values.map((value) => ({ key: null, value })), 0));
  const { columns, faults } = decodeBatch(batch);
  assertEquals(columns.count, 2);
  assertEquals([...columns.recordIndex.subarray(0, 2)], [0, 2]);
  assertEquals([...columns.amount.subarray(0, 2)], [12.5, 7]);
  assertEquals(faults.map(({ recordIndex, error }) => [recordIndex, error.reason]), [[1, "not-json"], [
    3,
    "empty",
  ]]);
  const expected = new Uint32Array(2);
  hashId(encoder.encode("ß"), 0, 2, expected, 0);
  assertEquals(columns.customerKey.slice(2, 4), expected);
  assertEquals(columns.transaction(1).customerId, "ß");
});

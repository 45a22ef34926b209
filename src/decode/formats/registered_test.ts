import { decodeBody, encodeBody } from "../../broker/record_batch.ts";
import { valueOf } from "../../broker/record_batch.ts";
import { TransactionError } from "../../domain/transaction.ts";
import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "../../testing/assert.ts";
import { msgpackFormat } from "./msgpack.ts";
import { registeredFormat, type RegisteredSchema, type SchemaFormat, schemaFormat } from "./registered.ts";

const framed = (id: number, ...body: number[]) => Uint8Array.of(0, 0, 0, 0, id, ...body);
const schema = (
  type: RegisteredSchema["type"],
  text: unknown,
  references: RegisteredSchema["references"] = [],
) => ({
  type,
  schema: typeof text === "string" ? text : JSON.stringify(text),
  references,
});

const INNER = schema("AVRO", {
  type: "record",
  name: "Money",
  namespace: "bank",
  fields: [{ name: "cents", type: "int" }],
});
const MONEY_PROTO = schema("PROTOBUF", `syntax = "proto3"; package bank; message Money { int64 cents = 1; }`);
const SCHEMAS: Record<number, RegisteredSchema> = {
  1: schema("AVRO", { type: "record", name: "Old", fields: [{ name: "a", type: "int" }] }),
  2: schema(
    "AVRO",
    { type: "record", name: "New", fields: [{ name: "a", type: "int" }, { name: "m", type: "bank.Money" }] },
    [{ name: "bank.Money", schema: INNER }],
  ),
  3: schema(
    "PROTOBUF",
    `syntax = "proto3"; package bank; import "money.proto"; import "google/protobuf/timestamp.proto";
     message Other { string x = 1; message Tx { string id = 1; Money amount = 2; google.protobuf.Timestamp at = 3; optional int32 n = 4; } }`,
    [{ name: "money.proto", schema: MONEY_PROTO }],
  ),
  4: schema("JSON", {}),
  5: schema("AVRO", { type: "unknown-type" }),
};

async function readWith(format: SchemaFormat, value: Uint8Array): Promise<unknown> {
  const registered = registeredFormat(format, { schema: (id) => Promise.resolve(SCHEMAS[id] ?? null) });
  const batch = decodeBody("t", 0, 0, encodeBody([{ key: null, value }], 0));
  await registered.prepare!(batch);
  return registered.read(valueOf(batch, 0));
}

Deno.test("registeredFormat() reads each record by the schema that it was written with", async () => {
  assertEquals(await readWith("avro", framed(1, 2)), { a: 1 });
  assertEquals(await readWith("avro", framed(2, 2, 4)), { a: 1, m: { cents: 2 } });
  assertEquals(await readWith("json-schema", framed(4, ...new TextEncoder().encode('{"a":1}'))), { a: 1 });
});

Deno.test("registeredFormat() finds a Protobuf message by its index, with imports and well-known types", async () => {
  const body = [10, 1, 0x61, 18, 2, 8, 5, 26, 2, 8, 7];
  assertEquals(await readWith("protobuf", framed(3, 4, 0, 0, ...body)), {
    id: "a",
    amount: { cents: 5 },
    at: new Date(7000),
  });
  assertEquals(await readWith("protobuf", framed(3, 0, 10, 1, 0x62)), { x: "b" });
});

Deno.test("schemaFormat() reads a Protobuf schema as text and as a descriptor", () => {
  const text = `syntax = "proto3"; package bank; message Tx { string id = 1; }`;
  // A FileDescriptorProto by hand: package bank, one message Tx with the field id = 1 of type string.
  const field = [10, 2, 0x69, 0x64, 24, 1, 32, 1, 40, 9];
  const message = [10, 2, 0x54, 0x78, 18, field.length, ...field];
  const file = Uint8Array.from([
    18,
    4,
    ...new TextEncoder().encode("bank"),
    34,
    message.length,
    ...message,
    98,
    6,
    ...new TextEncoder().encode("proto3"),
  ]);
  const descriptor = btoa(String.fromCharCode(...file));
  for (const schema of [text, descriptor]) {
    assertEquals(schemaFormat("protobuf", schema, "bank.Tx").read(Uint8Array.of(10, 1, 0x61)), { id: "a" });
  }
});

for (
  const [name, format, value, reason, message] of [
    [
      "an id that is not known",
      "avro",
      framed(9, 2),
      "unknown-schema",
      "schema 9 cannot be used: the registry does not have it",
    ],
    [
      "a schema of another type",
      "protobuf",
      framed(1, 2),
      "unknown-schema",
      "it is of type AVRO, not PROTOBUF",
    ],
    ["a schema that cannot be read", "avro", framed(5, 2), "unknown-schema", "unknown-type"],
    [
      "a record without an id",
      "avro",
      Uint8Array.of(0x7b, 1, 2, 3, 4, 5),
      "wrong-format",
      "it begins with 7b 01 02 03",
    ],
    ["a record that is cut", "avro", framed(2, 2), "wrong-format", "it ends before what it says"],
    ["bytes behind the record", "avro", framed(1, 2, 2), "wrong-format", "1 bytes are left"],
    [
      "a message that the schema has not",
      "protobuf",
      framed(3, 2, 14, 1),
      "wrong-format",
      "has no message 7",
    ],
  ] as const
) {
  Deno.test(`registeredFormat() makes ${name} a fault`, async () => {
    const error = await assertRejects(() => readWith(format, value), TransactionError);
    assertEquals(error.reason, reason);
    assertStringIncludes(error.message, message);
  });
}

Deno.test("msgpackFormat reads maps, large numbers and times, and refuses what is cut", () => {
  assertEquals(
    msgpackFormat.read(
      Uint8Array.of(0x82, 0xa1, 0x61, 1, 0xa1, 0x62, 0xcf, 255, 255, 255, 255, 255, 255, 255, 255),
    ),
    {
      a: 1,
      b: 2n ** 64n - 1n,
    },
  );
  for (
    const bytes of [Uint8Array.of(0x82, 0xa1), Uint8Array.of(0xdb, 0x7f, 255, 255, 255), new Uint8Array()]
  ) {
    assertThrows(() => msgpackFormat.read(bytes), TransactionError);
  }
});

import { assertEquals, assertThrows } from "../../testing/assert.ts";
import { avroReader, type Read } from "./avro.ts";
import { Cursor } from "./cursor.ts";

const read = (schema: unknown, bytes: readonly number[], named?: Map<string, Read>) =>
  avroReader(schema, named)(new Cursor(Uint8Array.from(bytes), 0));
const record = (...fields: unknown[]) => ({
  type: "record",
  name: "R",
  fields: fields.map((type, i) => ({ name: `f${i}`, type })),
});

for (
  const [name, schema, bytes, value] of [
    ["a long of 8 bytes", "long", [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], 2n ** 63n - 1n],
    ["a small negative int", "int", [0x7f], -64],
    ["a safe long as a number", "long", [0x80, 0x80, 0x80, 0x80, 0x20], 2 ** 32],
    ["text", "string", [4, 0xc3, 0x9f], "ß"],
    ["a double", "double", [0, 0, 0, 0, 0, 0, 0xf8, 0x3f], 1.5],
    ["a branch of a union", ["null", "string"], [2, 2, 0x61], "a"],
    ["null", ["null", "string"], [0], null],
    ["a symbol", { type: "enum", name: "E", symbols: ["A", "B"] }, [2], "B"],
    ["an array in two blocks, one with its size", { type: "array", items: "int" }, [2, 2, 1, 2, 4, 0], [
      1,
      2,
    ]],
    ["a map", { type: "map", values: "int" }, [2, 2, 0x6b, 6, 0], { k: 3 }],
    ["a decimal", { type: "bytes", logicalType: "decimal", precision: 9, scale: 2 }, [4, 4, 210], "12.34"],
    [
      "a fixed decimal below 0",
      { type: "fixed", name: "D", size: 2, logicalType: "decimal", scale: 3 },
      [0xff, 0xfe],
      "-0.002",
    ],
    ["a date", { type: "int", logicalType: "date" }, [2], new Date(86_400_000)],
    ["milliseconds", { type: "long", logicalType: "timestamp-millis" }, [6], new Date(3)],
    ["microseconds", { type: "long", logicalType: "timestamp-micros" }, [0xa0, 0x1f], new Date(2)],
    [
      "a local time as text",
      { type: "long", logicalType: "local-timestamp-millis" },
      [2],
      "1970-01-01T00:00:00.001",
    ],
    ["a record in a record", record(record2("int"), "int"), [2, 4], { f0: { x: 1 }, f1: 2 }],
  ] as const
) {
  Deno.test(`avroReader() reads ${name}`, () => assertEquals(plain(read(schema, bytes)), value));
}

function record2(type: unknown) {
  return { type: "record", name: "Inner", namespace: "n", fields: [{ name: "x", type }] };
}

/** Maps have no prototype. */
function plain(value: unknown): unknown {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === null
    ? { ...value }
    : value;
}

Deno.test("avroReader() finds named types of its own and of schemas that were read before", () => {
  const named = new Map<string, Read>();
  read(record2("int"), [2], named);
  assertEquals(read(record("n.Inner", ["null", "R"]), [2, 2, 4, 0], named), {
    f0: { x: 1 },
    f1: { f0: { x: 2 }, f1: null },
  });
  assertThrows(() => avroReader(record("n.Other")), TypeError, 'names the type "n.Other"');
});

for (
  const [name, schema, bytes] of [
    ["ends early", "double", [1, 2]],
    ["claims a string of 1 GB", "string", [0x80, 0x80, 0x80, 0x80, 0x08]],
    ["claims a huge block of nothing", { type: "array", items: "null" }, [
      0x80,
      0x80,
      0x80,
      0x80,
      0x80,
      0x80,
      0x20,
      0,
    ]],
    ["claims a huge block", { type: "array", items: "int" }, [0xfe, 0xff, 0xff, 0xff, 0x0f]],
    ["claims a length below 0", "bytes", [1]],
    ["names no branch", ["null", "int"], [8, 0]],
    ["has a number without end", "long", [255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]],
    ["is nested without end", record(["null", "R"]), Array.from({ length: 300 }, () => 2)],
    ["is no UTF-8", "string", [2, 0xff]],
  ] as const
) {
  Deno.test(`avroReader() throws, in bounded time, where a record ${name}`, () => {
    assertThrows(() => read(schema, bytes));
  });
}

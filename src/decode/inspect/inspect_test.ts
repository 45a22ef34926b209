import { decodeBody, encodeBody } from "../../broker/record_batch.ts";
import { assert, assertEquals, assertStringIncludes } from "../../testing/assert.ts";
import { ownRecords, SHAPES } from "../testing/shapes.ts";
import { openDecoder } from "../wasm.ts";
import { formatOf, inspectRecords } from "./inspect.ts";

const batchOf = (values: readonly (string | Uint8Array | null)[]) =>
  decodeBody("t", 0, 0, encodeBody(values.map((value) => ({ key: null, value })), 1.77e12));
const inspect = async (values: readonly unknown[]) => {
  const batch = batchOf(values.map((value) => value === null ? null : JSON.stringify(value)));
  return await inspectRecords([batch], { own: await openDecoder(), seen: "a test" });
};

/** Of these nobody can know what is meant: the proposal takes some of the records, or asks. */
const UNCLEAR = ["payments below 0", "refunds by absolute value", "pattern", "event"];

for (const { name, write, passes = () => false } of SHAPES.filter((shape) => !UNCLEAR.includes(shape.name))) {
  Deno.test(`inspectRecords() proposes a definition that takes every record of the shape "${name}"`, async () => {
    const { proposed, acceptance } = await inspect(ownRecords(200).map(write));
    const passed = Array.from({ length: 200 }, (_, i) => i).filter(passes).length;
    assertEquals(acceptance, { records: 200, accepted: 200 - passed, passed, faults: [] }, proposed);
  });
}

Deno.test("inspectRecords() says what it guessed, and what it did not find", async () => {
  const { proposed } = await inspect(
    ownRecords(50).map(({ amount, timestamp, terminal_id: _, ...own }) => ({
      ...own,
      amount: Math.round(amount * 100),
      timestamp: timestamp.slice(0, 19).replace("T", " "),
    })),
  );
  assertStringIncludes(proposed!, "amount: { path: amount, unit: minor } # GUESS: whole numbers from");
  assertStringIncludes(proposed!, "timestamp: { path: timestamp, unit: local, zone: UTC } # GUESS");
  assertStringIncludes(proposed!, "# terminal_id: no path looked like it");
  const nothing = await inspect([{ a: 1 }]);
  assertStringIncludes(nothing.proposed!, "amount: TODO # no path looked like it");
  assertEquals(nothing.acceptance, undefined);
});

Deno.test("inspectRecords() shows no value of card data", async () => {
  const { paths } = await inspect([
    { card: { pan: "4111111111111111", cvv: "123" }, reference: "5500005555555559", note: "n" },
  ]);
  const shown = paths.map(({ path, isCardData, examples }) => [path, isCardData, examples.length]);
  assertEquals(shown, [["card.pan", true, 0], ["card.cvv", true, 0], ["reference", true, 0], [
    "note",
    false,
    1,
  ]]);
});

Deno.test("formatOf() tells formats by the first bytes", () => {
  const bytes = (...values: number[]) => Uint8Array.from(values);
  const cases: [(string | Uint8Array | null)[], string][] = [
    [['{"a":1}', " [1]", null], "json"],
    [[bytes(0x81, 0xa1, 0x61, 1)], "msgpack"],
    [[bytes(0, 0, 0, 0, 7, 1), bytes(0, 0, 0, 1, 0, 1)], "registry"],
    [[bytes(0x1f, 0x8b, 8)], "other"],
  ];
  for (const [values, name] of cases) assertEquals(formatOf([batchOf(values)]).name, name);
  assertStringIncludes(formatOf([batchOf(cases[2][0])]).text, "(7, 256)");
  assert(formatOf([batchOf([null])]).text === "empty");
});

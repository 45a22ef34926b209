import { assertEquals } from "../../testing/assert.ts";
import { bigintArray, doubleArray, textArray } from "./binary.ts";

const hexOf = (bytes: Uint8Array) => bytes.toHex();
/** Dimensions, nulls, type, length, lower bound. */
const header = (nulls: number, type: number, length: number) =>
  [1, nulls, type, length, 1].map((word) => word.toString(16).padStart(8, "0")).join("");

Deno.test("textArray() writes UTF-8 behind its length in bytes, and null as the length -1", () => {
  assertEquals(
    hexOf(textArray(["a", "", null, "é😀"])),
    `${header(1, 25, 4)}0000000161${"00000000"}ffffffff00000006c3a9f09f9880`,
  );
});

Deno.test("bigintArray() writes safe integers of either sign", () => {
  assertEquals(
    hexOf(bigintArray([1, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER])),
    header(0, 20, 4) +
      ["0000000000000001", "ffffffffffffffff", "001fffffffffffff", "ffe0000000000001"]
        .map((value) => `00000008${value}`).join(""),
  );
});

Deno.test("doubleArray() writes numbers of float64", () => {
  assertEquals(
    hexOf(doubleArray(Float64Array.of(1, -Infinity))),
    `${header(0, 701, 2)}000000083ff0000000000000${"00000008fff0000000000000"}`,
  );
});

Deno.test("textArray(), bigintArray() and doubleArray() write no dimension for no element", () => {
  assertEquals(hexOf(textArray([])), "000000000000000000000019");
  assertEquals(hexOf(bigintArray([])), "000000000000000000000014");
  assertEquals(hexOf(doubleArray([])), "0000000000000000000002bd");
});

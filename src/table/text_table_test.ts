import { assertEquals, assertRejects } from "../testing/assert.ts";
import { openTextTable } from "./text_table.ts";

async function rowsOf(text: string): Promise<Record<string, string>[]> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, text);
    using table = await openTextTable(path);
    return await Array.fromAsync(table.rows());
  } finally {
    await Deno.remove(path);
  }
}

for (
  const [name, text, rows] of [
    ["CSV cells as they are written", "id,amount\n007,12.50\n,x\n", [{ id: "007", amount: "12.50" }, {
      id: "",
      amount: "x",
    }]],
    ["NDJSON values as text, absent ones as none", '{"id":7,"ok":true}\n{"id":"8"}\n', [
      { id: "7", ok: "true" },
      { id: "8", ok: "" },
    ]],
    [
      "fields of NDJSON that come later, nested ones and digits beyond 2^53",
      '{"id":1}\n{"id":4600000000000012345,"when":{"x":[1]}}\n{"id":8.5749999999999999999}\n',
      [
        { id: "1", when: "" },
        { id: "4600000000000012345", when: '{"x":[1]}' },
        { id: "8.5749999999999999999", when: "" },
      ],
    ],
  ] as const
) {
  Deno.test(`openTextTable() reads ${name}`, async () => assertEquals(await rowsOf(text), [...rows]));
}

Deno.test("openTextTable() takes a column by the name of a prototype for a field like others", async () => {
  const [row] = await rowsOf("__proto__,id\nx,1\n");
  assertEquals(Object.entries(row), [["__proto__", "x"], ["id", "1"]]);
  assertEquals(Object.getPrototypeOf(row), Object.prototype);
});

Deno.test("openTextTable() names the row that has another number of cells", async () => {
  await assertRejects(() => rowsOf("a,b\n1,2\n3\n"), RangeError, "row 2 must have 2 cells");
});

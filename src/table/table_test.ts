import { gzipSync } from "node:zlib";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../testing/assert.ts";
import { collectRows, type RowSelection } from "./read_rows.ts";
import { openTable, type Table } from "./table.ts";

/** Opens text or bytes as a file, which is removed afterwards. */
async function withTable<T>(content: string | Uint8Array, use: (table: Table) => Promise<T> | T): Promise<T> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
    using table = await openTable(path);
    return await use(table);
  } finally {
    await Deno.remove(path);
  }
}

/** Reads all rows as nested arrays. */
async function readAll(content: string | Uint8Array, selection?: Partial<RowSelection>): Promise<number[][]> {
  return await withTable(content, async (table) => {
    const features = selection?.features ?? table.numericColumns;
    const { rows, count } = await collectRows(table.rows({ ...selection, features }), features.length);
    return Array.from(
      { length: count },
      (_, i) => Array.from(rows.subarray(i * features.length, (i + 1) * features.length)),
    );
  });
}

const TWO_ROWS = [[1, 2], [3, 4]];

const GOOD: [string, string | Uint8Array][] = [
  ["LF", "a,b\n1,2\n3,4\n"],
  ["CRLF", "a,b\r\n1,2\r\n3,4\r\n"],
  ["CR", "a,b\r1,2\r3,4\r"],
  ["mixed line ends", "a,b\r\n1,2\n3,4\r\n"],
  ["no line end at the end", "a,b\n1,2\n3,4"],
  ["a byte order mark", "\ufeffa,b\n1,2\n3,4\n"],
  ["empty lines", "\n\na,b\n\n1,2\n\n\n3,4\n\n"],
  ["quotes", '"a","b"\n"1",2\n3,"4"\n'],
  ["white space", " a , b \n 1 , 2\n3 ,4 \n"],
  ["semicolons", "a;b\n1;2\n3;4\n"],
  ["tabs", "a\tb\n1\t2\n3\t4\n"],
  ["NDJSON", '{"a":1,"b":2}\n{"b":4,"a":3}\n'],
  ["NDJSON with CRLF, empty lines, without end", '\r\n{"a":1,"b":2}\r\n\r\n{"a":3,"b":4}'],
  ["NDJSON with nested and unknown fields", '{"a":1,"b":2,"c":{"d":[1]}}\n{"a":3,"b":4,"x":"y"}\n'],
  ["gzip", gzipSync("a,b\n1,2\n3,4\n")],
  ["several gzip members", new Uint8Array([...gzipSync("a,b\n1,2\n"), ...gzipSync("3,4\n")])],
  ["gzip of NDJSON", gzipSync('{"a":1,"b":2}\n{"a":3,"b":4}\n')],
];

for (const [what, content] of GOOD) {
  Deno.test(`openTable() reads ${what}`, async () => assertEquals(await readAll(content), TWO_ROWS));
}

Deno.test("openTable() reads cells with delimiters, quotes and line ends", async () => {
  await withTable('"x, y","he said ""z""","line\nend"\n1,2,3\n"4","5","6"\n', async (table) => {
    assertEquals(table.columns, ["x, y", 'he said "z"', "line\nend"]);
    const { rows } = await collectRows(table.rows({ features: ["line\nend", "x, y"] }), 2);
    assertEquals(rows, Float32Array.of(3, 1, 6, 4));
  });
});

Deno.test("openTable() reads numbers as they are written, to the nearest float32", async () => {
  const cells = ["-1.5e3", "+2.", ".5", "1E-3", "1e-60", "-0", "3.4028235e38", "16777217", "0.1"];
  assertEquals(
    await readAll(`a\n${cells.join("\n")}\n`),
    [-1500, 2, 0.5, Math.fround(1e-3), 0, -0, 3.4028234663852886e38, 16777216, Math.fround(0.1)].map((
      x,
    ) => [x]),
  );
});

Deno.test("openTable() reads more than one chunk, with rows and signs cut anywhere", async () => {
  const n = 60_000;
  const header = "é,amount,ŷ\r\n";
  const lines = Array.from({ length: n }, (_, i) =>
    `"ü ${i}
 x",${i},${i / 8}\r\n`).join("");
  await withTable(gzipSync(header + lines), async (table) => {
    assertEquals(table.numericColumns, ["amount", "ŷ"]);
    assertStringIncludes(table.otherColumns.get("é")!, "row 0 holds");
    let next = 0;
    for await (const { rows, count, rowNumbers } of table.rows({ features: ["ŷ", "amount"] })) {
      for (let i = 0; i < count; i++, next++) {
        assert(rows[2 * i] === next / 8 && rows[2 * i + 1] === next && rowNumbers[i] === next, `row ${next}`);
      }
    }
    assertEquals(next, n);
    assertEquals(table.bytesRead, table.size);
  });
});

Deno.test("openTable() judges columns by their first 1,000 rows", async () => {
  const rows = Array.from(
    { length: 1500 },
    (_, i) => `${i},${i === 999 ? "x" : 1},,${i ? 5 : "NA"},true,${i === 1200 ? "late" : 2}`,
  );
  await withTable(`number,text,empty,gap,yes,late\n${rows.join("\n")}\n`, async (table) => {
    assertEquals(table.numericColumns, ["number", "gap", "late"]);
    assertEquals(table.otherColumns.get("text"), 'row 999 holds "x"');
    assertEquals(table.otherColumns.get("empty"), "its first 1000 rows are empty");
    const late = table.rows({ features: ["number", "late"] });
    const error = await assertRejects(() => Array.fromAsync(late), RangeError);
    assertStringIncludes(error.message, 'row 1200 column "late" must be a number: current value is "late"');
  });
});

const BAD_CELLS: [string, string][] = [
  ["", 'must be a number: current value is ""'],
  ["  ", "must be a number"],
  ["NaN", "must be a number"],
  ["null", "must be a number"],
  ["inf", "must be finite"],
  ["-Infinity", "must be finite"],
  ["1e39", 'within the range of float32: current value is "1e39"'],
  ["-3.4028236e38", "within the range of float32"],
  ["1e400", "must be finite"],
  ["twelve", "must be a number"],
  ["0x10", "must be a number"],
  ["1_000", "must be a number"],
  ["0b1", "must be a number"],
  ["1 2", "must be a number"],
  ["1e", "must be a number"],
  ["true", "must be a number"],
];

for (const [cell, message] of BAD_CELLS) {
  Deno.test(`openTable() names row and column of the cell "${cell}", or leaves the row out`, async () => {
    const text = `id,amount\n0,1\n1,2\n2,${cell}\n3,4\n`;
    const selection = { features: ["amount"] };
    const error = await assertRejects(() => readAll(text, selection), RangeError, message);
    assertStringIncludes(error.message, 'row 2 column "amount"');
    assertEquals(await readAll(text, { ...selection, skipBadRows: true }), [[1], [2], [4]]);
  });
}

Deno.test("openTable() counts bad rows and keeps the numbers of the others", async () => {
  await withTable("a,b\n1,2\n3\n5,6,7\nx,1\n8,9\n", async (table) => {
    const [batch] = await Array.fromAsync(table.rows({ features: ["a", "b"], skipBadRows: true }));
    assertEquals([batch.count, table.skippedRows], [2, 3]);
    assertEquals(batch.rowNumbers.slice(0, 2), Float64Array.of(0, 4));
    assertEquals(batch.rows.slice(0, 4), Float32Array.of(1, 2, 8, 9));
  });
});

const REFUSED: [string, string | Uint8Array, string][] = [
  ["an empty file", "", "current value is an empty file"],
  ["white space alone", " \n\r\n \n", "current value is an empty file"],
  ["an empty gzip file", gzipSync(""), "current value is an empty file"],
  ["a repeated column", "a,b,a\n1,2,3\n", '"a" stands twice'],
  ["a file without header", "0.5,7\n0.25,8\n", 'must name the columns: current value is "0.5,7"'],
  ["a row with too few cells", "a,b\n1,2\n3\n", "row 1 must have 2 cells: current value is 1 cell"],
  ["a row with too many cells", "a,b\n1,2,3\n", "row 0 must have 2 cells: current value is 3 cells"],
  ["a quote that is not closed", 'a,b\n1,"2\n3,4\n', "every quoted cell must end"],
  ["a quote closed too early", 'a,b\n1,"2"3\n', "every quoted cell must end"],
  ["a JSON array", '[{"a":1}]', "one object a line: current value is an array"],
  ["a line that is no JSON", '{"a":1}\n{"a":\n', "row 1 must be a JSON object"],
  ["a line that is no object", '{"a":1}\n[2]\n', "row 1 must be a JSON object: current value is [2]"],
  ["an object without fields", "{}\n", "must be a JSON object with fields"],
  [
    "a field that is absent",
    '{"a":1}\n{"b":1}\n',
    'row 0 column "b" must be a number: current value is missing',
  ],
  ["gzip cut off", gzipSync("a,b\n1,2\n".repeat(9999)).slice(0, 100), "gzip data must be whole"],
  ["gzip cut off after two bytes", gzipSync("a").slice(0, 2), "gzip data must be whole"],
  ["text that is not UTF-8", Uint8Array.of(0x61, 0x2c, 0xe9, 0x0a, 0x31, 0x2c, 0x32), "must be UTF-8"],
];

for (const [what, content, message] of REFUSED) {
  Deno.test(`openTable() refuses ${what}`, async () => {
    const error = await assertRejects(() => readAll(content), Error, message);
    assert(/^Cannot read /.test(error.message), error.message);
  });
}

Deno.test("openTable() refuses a quote never closed before it fills the memory", async () => {
  const text = `a,b\n1,"2\n${"3,4\n".repeat(1_200_000)}`;
  await assertRejects(() => readAll(text), SyntaxError, "a quote before it may not be closed");
});

Deno.test("openTable() refuses what is no file", async () => {
  await assertRejects(() => openTable("no/such/file.csv"), Error, "no such file");
  const directory = await Deno.makeTempDir();
  await assertRejects(() => openTable(directory), Error, "it is a folder");
  await Deno.remove(directory);
});

Deno.test("openTable() takes pandas' numbered columns and a column without name", async () => {
  assertEquals(await readAll("0,1\n5,6\n7,8\n"), [[5, 6], [7, 8]]);
  assertEquals(await readAll(",a\n0,6\n1,8\n"), [[6], [8]]);
});

Deno.test("openTable() takes a header alone", async () => {
  assertEquals(await readAll("a,b"), []);
  assertEquals(await readAll("a,b\r\n"), []);
});

Deno.test("openTable() reads labels and times", async () => {
  const text =
    "t,x,l\n2018-04-01 00:00:01,1,0\n2018-04-01T02:00:02+02:00,2,True\n1522540803000,3,1.0\n2018-04-02,4,false\n";
  await withTable(text, async (table) => {
    const selection = { features: ["x"], label: "l", timestamp: "t" };
    const [{ labels, timestampsMs }] = await Array.fromAsync(table.rows(selection));
    assertEquals(labels?.slice(0, 4), Uint8Array.of(0, 1, 1, 0));
    const start = Date.UTC(2018, 3, 1);
    assertEquals(Array.from(timestampsMs!).slice(0, 4).map((t) => t - start), [1000, 2000, 3000, 86_400_000]);
  });
  const one = (label: string, t = "1") =>
    readAll(`t,x,l\n${t},1,${label}\n`, { features: ["x"], label: "l", timestamp: "t" });
  for (const label of ["2", "", "yes", "-1", "0.5"]) {
    await assertRejects(() => one(label), RangeError, 'row 0 column "l" must be 0, 1, true or false');
  }
  for (const t of ["", "yesterday", "2018-13-01", "2018-04-01 25:00:00"]) {
    await assertRejects(() => one("0", t), RangeError, 'row 0 column "t" must be a time');
  }
  const json = '{"x":1,"l":true}\n{"x":2,"l":0}\n';
  await withTable(json, async (table) => {
    const [{ labels }] = await Array.fromAsync(table.rows({ features: ["x"], label: "l" }));
    assertEquals(labels?.slice(0, 2), Uint8Array.of(1, 0));
  });
});

import { gzipSync } from "node:zlib";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../testing/assert.ts";
import { collectRows, type RowSelection } from "./read_rows.ts";
import type { TableStyle } from "./read_cells.ts";
import { chooseFeatures, openTable, type Table } from "./table.ts";

/** Opens text or bytes as a file, which is removed afterwards. */
async function withTable<T>(
  content: string | Uint8Array,
  use: (table: Table) => Promise<T> | T,
  style?: TableStyle,
): Promise<T> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
    using table = await openTable(path, style);
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

const SPLIT: [what: string, text: string, columns: string[], style?: TableStyle][] = [
  ["semicolons under a header with a comma", 'id;"amount, EUR"\n1;0.5\n2;1.5\n', ["id", "amount, EUR"]],
  ["the same without quotes", "id;amount, EUR\n1;0.5\n2;1.5\n", ["id", "amount, EUR"]],
  ["the same with decimal commas", "time;amount, EUR\n2026-01-01;0,00\n2026-01-02;37,07\n", [
    "time",
    "amount, EUR",
  ]],
  ["tabs under a header with a comma", "id\tamount, EUR\n1\t0,5\n2\t1,5\n", ["id", "amount, EUR"]],
  ["bars under a header with a comma", "id|amount, EUR|x\n1|0.5|a,b\n2|1.5|c\n", ["id", "amount, EUR", "x"]],
  ["bars under a header with semicolons", "id|a;b|x\n1|0.5|c;d\n2|1.5|e\n", ["id", "a;b", "x"]],
  ["commas under a header with a semicolon", "id,a;b\n1,5\n2,6\n", ["id", "a;b"]],
  ["commas beside text with semicolons", "id,note;s,x\n1,a;b,5\n2,c;d,6\n", ["id", "note;s", "x"]],
  ["rows of which a few are torn", "a, b;c\n1,0;5\n2,0;5;9\n3,0;5\n4,0;5\n", ["a, b", "c"]],
  ["quoted rows alone", '"a";"b, c"\n"1";"2"\n"3";"4"\n', ["a", "b, c"]],
  ["a single column", "amount\n1\n2\n", ["amount"]],
  ["a single column whose name has a comma, told", "amount, EUR\n1\n2\n", ["amount, EUR"], {
    delimiter: ";",
  }],
  ["Excel's sep line", "sep=;\na,b;c\n1;2\n", ["a,b", "c"]],
  ["what it is told", "a,b;c,d\nx,y;z,w\n", ["a,b", "c,d"], { delimiter: ";" }],
  ["a sign of its own, told", "a^b\n1^2\n", ["a", "b"], { delimiter: "^" }],
  ["a space in the header alone", "year, month\n2018,04\n2018,11\n", ["year", "month"], { delimiter: "," }],
  ["a space in the header over plain numbers", "id, n\n1,5\n2,17\n", ["id", "n"]],
  ["years as names", "city,2010,2011\nRome,5,6\n", ["city", "2010", "2011"]],
];

for (const [what, text, columns, style] of SPLIT) {
  Deno.test(`openTable() splits ${what}`, async () => {
    await withTable(text, (table) => assertEquals(table.columns, columns), style);
  });
}

Deno.test("openTable() chooses a delimiter also behind a header longer than a piece", async () => {
  const names = Array.from({ length: 40_000 }, (_, i) => `f${i}, x`);
  const text = `${names.join(";")}\n${names.map((_, i) => i).join(";")}\n`;
  await withTable(text, (table) => assert(table.columns.join("\n") === names.join("\n")));
});

Deno.test("openTable() reads numbers in the style that it is told", async () => {
  const read = async (cells: string[], decimal: "." | ",") =>
    await withTable(`a;b\n${cells.map((cell) => `"${cell}";1\n`).join("")}`, async (table) => {
      const { rows, count } = await collectRows(table.rows({ features: ["a"] }), 1);
      return Array.from(rows.subarray(0, count));
    }, { decimal, delimiter: ";" });
  assertEquals(await read(["0,5", "-1.234,5", "12", "1 234 567,25", "1'000", ",5", "2,5e3"], ","), [
    0.5,
    -1234.5,
    12,
    1234567.25,
    1000,
    0.5,
    2500,
  ]);
  assertEquals(await read(["0.5", "1,234.5", "1,234,567", "1\u00a0000"], "."), [0.5, 1234.5, 1234567, 1000]);
  for (const [cell, decimal] of [["1.5", ","], ["0.125", ","], ["1,5", "."], ["1.234.56", ","]]) {
    const problem = `current value is "${cell}"`;
    await assertRejects(() => read([cell], decimal as "," | "."), RangeError, problem);
  }
});

const STYLED: [cell: string, hint: string][] = [
  ["0,50", "; --decimal , reads it as 0.5"],
  ["1.234,56", "; --decimal , reads it as 1234.56"],
  ["1,234.56", "; --decimal . reads it as 1234.56"],
  ["12,345", "; --decimal . reads it as 12345, --decimal , reads it as 12.345"],
  ["1 234,56", "; --decimal , reads it as 1234.56"],
];
for (
  const cell of [
    "€ 12.50",
    "$1,234.56",
    "5 USD",
    "EUR 5",
    "5%",
    "(5.00)",
    "5-",
    "−5",
    "'1.5'",
    "1,00,000.50",
    "٣٫٥",
    "EUR0.50",
    "1_000",
  ]
) {
  STYLED.push([cell, "; write it as digits with a decimal point alone, such as 1234.56"]);
}

for (const [cell, hint] of STYLED) {
  Deno.test(`openTable() takes a column of ${cell} for numbers that it cannot read`, async () => {
    await withTable(`id;amount\n1;"${cell}"\n2;"${cell}"\n`, async (table) => {
      assertEquals(table.numericColumns, ["id"]);
      assertStringIncludes(
        table.doubtfulColumns.get("amount")!.problem,
        `row 0 column "amount" must be a number`,
      );
      const rows = table.rows({ features: ["amount"] });
      const error = await assertRejects(() => Array.fromAsync(rows), RangeError, 'row 0 column "amount"');
      assertStringIncludes(error.message, JSON.stringify(cell) + hint);
    });
  });
}

Deno.test("openTable() takes words for a missing value as missing, and counts them", async () => {
  const words = [
    "",
    " ",
    "NA",
    "nan",
    "-nan",
    "-NaN",
    "NaT",
    "\\N",
    "NULL",
    "null",
    "None",
    "<NA>",
    "#N/A",
    "n/a",
  ];
  await withTable(`id,amount\n${words.map((word, i) => `${i},${word}\n`).join("")}99,5\n`, async (table) => {
    assertEquals(table.numericColumns, ["id", "amount"]);
    const [{ count }] = await Array.fromAsync(table.rows({ features: ["amount"], skipBadRows: true }));
    assertEquals([count, table.skippedRows, table.missingRows], [1, words.length, words.length]);
  });
});

Deno.test("openTable() notes points that may separate thousands where semicolons separate cells", async () => {
  await withTable("a;b\n1;1.250\n2;3\n3;2.500\n", (table) => {
    assertEquals(table.notes, [
      'column "b" has "1.250", read as 1.25; --decimal , takes the point for thousands',
    ]);
  });
  await withTable("a;b\n1;0.250\n2;1.500\n", (table) => assertEquals(table.notes, []));
  await withTable("a;b\n1;1.250\n2;2.500\n", (table) => assertEquals(table.notes, []), { decimal: "," });
});

Deno.test("openTable() doubts a column of numbers and words, and no column of names", async () => {
  const rows = ["7,c1,10.0.0.1,2018-04-01,?", "8,c2,10.0.0.2,2018-04-02,5", "9,x,10.0.0.3,2018-04-03,?"];
  await withTable(`n,name,ip,day,amount\n${rows.join("\n")}\n`, (table) => {
    assertEquals(table.numericColumns, ["n"]);
    assertEquals([...table.doubtfulColumns.keys()], ["amount"]);
    assertEquals(chooseFeatures(table, { skipBadRows: true }), ["n"]);
  });
  await withTable("n,amount\n1,5\n2,?\n3,6\n", (table) => {
    assertEquals(chooseFeatures(table, { skipBadRows: true }), ["n", "amount"]);
  });
});

Deno.test("openTable() stops where a column that was left out as empty has a value later", async () => {
  const text = `a,late\n${"1,\n".repeat(1200)}2,5\n`;
  await withTable(text, async (table) => {
    assertEquals(table.emptyColumns, ["late"]);
    const rows = table.rows({ features: ["a"], presumedEmpty: ["late"] });
    const error = await assertRejects(() => Array.fromAsync(rows), RangeError);
    assertStringIncludes(
      error.message,
      'row 1200 column "late" must be empty, as it is in the first rows',
    );
  });
});

Deno.test("openTable() says where fields of NDJSON change their type, are nested or come late", async () => {
  const lines = ['{"a":1,"n":{"x":1}}', '{"a":"2","b":true}', '{"a":3,"b":null,"c":4}'];
  await withTable(lines.join("\n"), async (table) => {
    assertEquals(table.columns, ["a", "n", "b", "c"]);
    assertEquals(table.numericColumns, ["a", "c"]);
    await Array.fromAsync(table.rows({ features: ["a"] }));
    assertEquals(table.notes, [
      'field "n" is nested in row 1 (from 1) and read as its JSON text',
      'field "a" changes from number to string in row 2 (from 1)',
    ]);
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
  [
    "a row of text and numbers for a header",
    "c1,12.5,3\nc2,7.25,4\n",
    'must name the columns: current value is "c1',
  ],
  [
    "a row with a time for a header",
    "a,2018-04-01 10:00:00\nb,2018-04-02 10:00:00\n",
    "must name the columns",
  ],
  [
    "rows that may be split in two ways",
    "first, last;city\na, b;c\n",
    'at "," it has 2 columns, at ";" it has 2',
  ],
  [
    "a name and decimals that may be two columns",
    "id,amount, EUR\n1,0,50\n2,1,05\n",
    'whether "amount, EUR" are two columns',
  ],
  ["the same without other columns", "amount, EUR\n0,50\n1,05\n", 'decimal commas such as "0,50"'],
  ["a sep line alone", "sep=;\n", 'a line of "sep="'],
  ["a row with too few cells", "a,b\n1,2\n3\n", "row 1 must have 2 cells: current value is 1 cell"],
  ["a row with too many cells", "a,b\n1,2,3\n", "row 0 must have 2 cells: current value is 3 cells"],
  ["a quote that is not closed", 'a,b\n1,"2\n3,4\n', "every quoted cell must end"],
  ["a quote closed too early", 'a,b\n1,"2"3\n', "every quoted cell must end"],
  ["a JSON array", '[{"a":1}]', "one object a line: current value is an array"],
  ["a line that is no JSON", '{"a":1}\n{"a":\n', "row 1 must be a JSON object"],
  [
    "a line that names a key twice",
    '{"a":1}\n{"a":1,"a":2}\n',
    "row 1 must be a JSON object: current value is one that names",
  ],
  ["a title above the header", "Report\na,b\n1,2\n3,4\n", 'must name the columns: current value is "Report"'],
  ["a line that is no object", '{"a":1}\n[2]\n', "row 1 must be a JSON object: current value is [2]"],
  ["an object without fields", "{}\n", "must be a JSON object with fields"],
  [
    "a field that is absent",
    '{"a":1}\n{"b":1}\n',
    'row 0 column "b" must be a number: current value is missing',
  ],
  ["gzip cut off", gzipSync("a,b\n1,2\n".repeat(9999)).slice(0, 100), "gzip data must be whole"],
  ["gzip cut off after two bytes", gzipSync("a").slice(0, 2), "gzip data must be whole"],
  [
    "text that is not UTF-8",
    Uint8Array.of(0x61, 0x2c, 0xe9, 0x0a, 0x31, 0x2c, 0x32),
    "must be UTF-8: it is not, near byte 2",
  ],
  [
    "Parquet",
    new TextEncoder().encode("PAR1\x15\x04\x15"),
    "must be text: it is a Parquet file; write it as CSV or JSON",
  ],
  ["gzip in gzip", gzipSync(gzipSync("a,b\n")), "it is gzip data; unpack it first"],
  ["UTF-16", Uint8Array.of(0xff, 0xfe, 0x61, 0, 0x2c, 0), "it is text in UTF-16; convert it to UTF-8"],
  ["a page", "<!DOCTYPE html><html>", "it is a page of HTML or XML"],
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

Deno.test("openTable() reads epochs in the unit of their size", async () => {
  for (const [unitMs, digits] of [[1000, ""], [1, "000"], [0.001, "000000"]] as const) {
    const text = `t,x\n${[0, 60, 86_400].map((s) => `${1522540800 + s}${digits},1`).join("\n")}\n`;
    await withTable(text, async (table) => {
      const [{ timestampsMs }] = await Array.fromAsync(table.rows({ features: ["x"], timestamp: "t" }));
      const expected = [0, 60_000, 86_400_000].map((ms) => 1522540800_000 + ms);
      assertEquals(Array.from(timestampsMs!).slice(0, 3), expected, `unit of ${unitMs} ms`);
    });
  }
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
  const one = (label: string, t = "2018-04-01") =>
    readAll(`t,x,l\n${t},1,${label}\n`, { features: ["x"], label: "l", timestamp: "t" });
  for (const label of ["2", "", "yes", "-1", "0.5"]) {
    await assertRejects(() => one(label), RangeError, 'row 0 column "l" must be 0, 1, true or false');
  }
  for (
    const t of ["", "yesterday", "2018-13-01", "2018-02-30", "2018-04-01 25:00:00", "01/04/2018", "20180401"]
  ) {
    await assertRejects(() => one("0", t), RangeError, 'row 0 column "t" must be a time');
  }
  const json = '{"x":1,"l":true}\n{"x":2,"l":0}\n';
  await withTable(json, async (table) => {
    const [{ labels }] = await Array.fromAsync(table.rows({ features: ["x"], label: "l" }));
    assertEquals(labels?.slice(0, 2), Uint8Array.of(1, 0));
  });
});

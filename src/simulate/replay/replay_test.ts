import { assert, assertEquals, assertRejects } from "../../testing/assert.ts";
import { FileTimes } from "../../domain/time.ts";
import type { ReplayedEvent } from "../events/event.ts";
import { type ReplayOptions, replayTransactions } from "./replay.ts";

type Row = Record<string, string>;

const HOUR_MS = 3_600_000;
const HANDBOOK = new URL("../../../../shared/data/handbook/transactions.csv.gz", import.meta.url);

async function* stream(rows: Row[]) {
  for (const row of rows) yield await Promise.resolve(row);
}

function row(number: number, timestamp: string, cells: Row = {}): Row {
  return {
    transaction_id: String(number),
    timestamp,
    customer_id: "596",
    terminal_id: "3156",
    amount: "57.16",
    is_fraud: "0",
    scenario: "0",
    ...cells,
  };
}

async function replay(rows: Row[], options?: ReplayOptions): Promise<ReplayedEvent[]> {
  return await Array.fromAsync(replayTransactions(stream(rows), options));
}

/** Transactions by id, labels by L and id. */
function order(events: ReplayedEvent[]): string {
  return events.map((event) =>
    event.kind === "label" ? `L${event.label.transaction_id}` : event.transaction.transaction_id
  ).join(" ");
}

Deno.test("replayTransactions() gives a row's transaction and label in wire form", async () => {
  const cells = { amount: "146.0", is_fraud: "1", scenario: "2", customer_id: "007" };
  const events = await replay([row(0, "2018-04-01 00:00:31", cells)], { labelDelayMs: HOUR_MS });
  const ids = { transaction_id: "0", customer_id: "007", terminal_id: "3156" };
  const timestamp = "2018-04-01T00:00:31.000Z";
  assertEquals(events, [
    { kind: "transaction", transaction: { ...ids, amount: 146, timestamp }, isFraud: true, scenario: 2 },
    {
      kind: "label",
      label: { ...ids, timestamp, is_fraud: true, labelled_at: "2018-04-01T01:00:31.000Z", scenario: 2 },
    },
  ]);
});

Deno.test("replayTransactions() keeps the digits of ids and amounts, and makes codes of numbers", async () => {
  const ids = { transaction_id: "1700000000123456797", customer_id: "4600000000000012345" };
  const cellsOf = (amount: string, merchant_category: string) => ({ ...ids, amount, merchant_category });
  const rows = [["8.5749999999999999999", "742"], ["12.50", "5411.0"], ["1e2", "0742"], ["7", "food"]];
  const events = await replay(
    rows.map(([amount, category], i) => row(i, "2018-04-01", cellsOf(amount, category))),
    { labels: "none" },
  );
  assertEquals(
    events.map((event) => {
      assert(event.kind === "transaction");
      const { transaction_id, customer_id, amount, merchant_category } = event.transaction;
      assertEquals({ transaction_id, customer_id }, ids);
      return [JSON.stringify(amount), merchant_category];
    }),
    [["8.5749999999999999999", "0742"], ["12.5", "5411"], ["100", "0742"], ["7", "food"]],
  );
});

Deno.test("replayTransactions() passes the other wire fields through, and neither the answer nor foreign columns", async () => {
  const cells = { currency: "EUR", merchant_category: "5411", country: "", channel: "pos", note: "x" };
  const [event] = await replay([row(0, "2018-04-01", cells)]);
  assert(event.kind === "transaction");
  assertEquals(Object.keys(event.transaction).sort(), [
    "amount",
    "channel",
    "currency",
    "customer_id",
    "merchant_category",
    "terminal_id",
    "timestamp",
    "transaction_id",
  ]);
});

Deno.test("replayTransactions() reads the handbook's own column names, in any case and after a byte order mark", async () => {
  const events = await replay([{
    "\ufeffTRANSACTION_ID": "9",
    TX_DATETIME: "2018-04-01 00:00:31",
    CUSTOMER_ID: "1",
    TERMINAL_ID: "2",
    TX_AMOUNT: "3.5",
    TX_FRAUD: "1.0",
    TX_FRAUD_SCENARIO: "3",
  }]);
  assert(events[0].kind === "transaction" && events[1].kind === "label");
  assertEquals(events[0].transaction, {
    transaction_id: "9",
    customer_id: "1",
    terminal_id: "2",
    amount: 3.5,
    timestamp: "2018-04-01T00:00:31.000Z",
  });
  assertEquals([events[0].isFraud, events[0].scenario, events[1].label.scenario], [true, 3, 3]);
});

Deno.test("replayTransactions() puts a label before the first row of its time or later", async () => {
  const rows = [
    row(1, "2018-04-01T00:00:00Z"),
    row(2, "2018-04-01T00:30:00Z"),
    row(3, "2018-04-01T00:59:59.999Z"),
    row(4, "2018-04-01T01:00:00Z"),
    row(5, "2018-04-01T09:00:00Z"),
  ];
  assertEquals(order(await replay(rows, { labelDelayMs: HOUR_MS })), "1 2 3 L1 4 L2 L3 L4 5 L5");
  assertEquals(order(await replay(rows, { labelDelayMs: 0 })), "1 L1 2 L2 3 L3 4 L4 5 L5");
  assertEquals(order(await replay(rows)), "1 2 3 4 5 L1 L2 L3 L4 L5");
});

Deno.test("replayTransactions() keeps rows in file order and sorts their labels", async () => {
  const rows = [
    row(1, "2018-04-01T02:00:00Z"),
    row(2, "2018-04-01T00:00:00Z"),
    row(3, "2018-04-01T01:00:00Z"),
    row(4, "2018-04-01T02:30:00Z"),
    row(5, "9998-01-01T00:00:00Z"),
    row(6, "2018-04-01T02:31:00Z"),
    row(7, "2018-04-01T05:00:00Z"),
  ];
  assertEquals(order(await replay(rows, { labelDelayMs: HOUR_MS })), "1 2 L2 3 L3 4 L1 L4 5 6 L6 7 L7 L5");
});

Deno.test("replayTransactions() labels only rows that say what they are, and frauds alone when asked to", async () => {
  const rows = [
    row(1, "2018-04-01", { is_fraud: "" }),
    row(2, "2018-04-01", { is_fraud: "true", scenario: "" }),
    row(3, "2018-04-01", { is_fraud: "False" }),
  ];
  const events = await replay(rows);
  assertEquals(order(events), "1 2 3 L2 L3");
  assert(events[0].kind === "transaction" && events[0].isFraud === null);
  assert(events[3].kind === "label" && !("scenario" in events[3].label));
  assertEquals(order(await replay(rows, { labels: "frauds" })), "1 2 3 L2");
  assertEquals(order(await replay(rows, { labels: "none" })), "1 2 3");
  const { is_fraud: _f, scenario: _s, ...bare } = row(4, "2018-04-01");
  assertEquals(await replay([bare]), [{
    kind: "transaction",
    transaction: {
      transaction_id: "4",
      customer_id: "596",
      terminal_id: "3156",
      amount: 57.16,
      timestamp: "2018-04-01T00:00:00.000Z",
    },
    isFraud: null,
    scenario: null,
  }]);
});

Deno.test("replayTransactions() passes on amounts that are no payment", async () => {
  for (const [cell, amount] of [["0", 0], ["0.0", 0], ["-3", -3], ["1e3", 1000], [" 7.25 ", 7.25]] as const) {
    const [event] = await replay([row(1, "2018-04-01", { amount: cell })]);
    assert(event.kind === "transaction");
    assertEquals(event.transaction.amount, amount);
  }
});

Deno.test("replayTransactions() takes words for a missing value as none, and Namibia as a country", async () => {
  const cells = { is_fraud: "\\N", scenario: "nan", currency: "NULL", country: "NA", channel: "None" };
  const events = await replay([row(1, "2018-04-01", cells)]);
  assertEquals(order(events), "1");
  assert(events[0].kind === "transaction" && !("currency" in events[0].transaction));
  assertEquals([events[0].transaction.country, events[0].isFraud, events[0].scenario], ["NA", null, null]);
});

Deno.test("replayTransactions() keeps fields that the first row lacks, by any of their names", async () => {
  const { is_fraud: _f, scenario: _s, ...first } = row(1, "2018-04-01");
  const { is_fraud: _g, scenario: _t, ...second } = row(2, "2018-04-01");
  const events = await replay([first, { ...second, TX_FRAUD: "1", CURRENCY: "KWD" }]);
  assertEquals(order(events), "1 2 L2");
  assert(events[1].kind === "transaction" && events[1].transaction.currency === "KWD");
});

Deno.test("replayTransactions() reads numbers and times as it is told, and can say how", async () => {
  const times = new FileTimes();
  const [event] = await replay([row(1, "1522540831", { amount: "1.234,50" })], { times, decimal: "," });
  assert(event.kind === "transaction");
  assertEquals([event.transaction.amount, event.transaction.timestamp], [1234.5, "2018-04-01T00:00:31.000Z"]);
  assertEquals(times.summary(), "read as seconds: 2018-04-01 … 2018-04-01");
});

Deno.test("replayTransactions() refuses two columns for one field", async () => {
  const { amount: _, ...rest } = row(1, "2018-04-01");
  const rows = [{ ...rest, Amount: "1", TX_AMOUNT: "2" }];
  await assertRejects(
    () => replay(rows),
    RangeError,
    "must be the amount: current value is Amount and TX_AMOUNT",
  );
});

const faulty: [string, Row, string][] = [
  [
    "an id that is a word for none",
    { customer_id: "NULL" },
    'customer_id must be text: current value is "NULL"',
  ],
  [
    "a decimal comma",
    { amount: "0,50" },
    'amount must be a decimal number: current value is "0,50"; --decimal ,',
  ],
  ["a day that is none", { timestamp: "2018-02-30" }, "timestamp must be a date and time or an epoch"],
  [
    "a day or a month first",
    { timestamp: "01/04/2018" },
    'timestamp must be a date and time or an epoch: current value is "01/04/2018", where',
  ],
  ["an empty id", { customer_id: "" }, 'customer_id must be text: current value is ""'],
  ["no number", { amount: "abc" }, 'amount must be a decimal number: current value is "abc"'],
  ["an empty amount", { amount: "" }, 'amount must be a decimal number: current value is ""'],
  ["an endless amount", { amount: "1e999" }, "amount must be a decimal number"],
  ["a hexadecimal amount", { amount: "0x10" }, "amount must be a decimal number"],
  ["NaN", { amount: "NaN" }, "amount must be a decimal number"],
  [
    "no time",
    { timestamp: "yesterday" },
    'timestamp must be a date and time or an epoch: current value is "yest',
  ],
  [
    "a time too late for a label",
    { timestamp: "9999-12-31" },
    "timestamp must be up to 9999-12-24T23:59:59.999Z",
  ],
  ["no answer", { is_fraud: "maybe" }, 'is_fraud must be 0 or 1: current value is "maybe"'],
  ["half a scenario", { scenario: "1.5" }, "scenario must be a whole number of at least 0"],
];

for (const [name, cells, message] of faulty) {
  Deno.test(`replayTransactions() names the row with ${name}, or passes it on when lenient`, async () => {
    const rows = [row(1, "2018-04-01"), row(2, "2018-04-02", cells), row(3, "2018-04-20")];
    await assertRejects(() => replay(rows), RangeError, "Cannot replay row 2 as " + message);
    const events = await replay(rows, { lenient: true });
    assertEquals(
      events.filter((event) => event.kind === "label").map((event) => event.label.transaction_id),
      [
        "1",
        "3",
      ],
    );
    assert(events[1].kind === "transaction");
    const passed = JSON.parse(JSON.stringify(events[1].transaction));
    for (const [field, cell] of Object.entries(cells)) {
      if (field in passed && name !== "a time too late for a label") assertEquals(passed[field], cell);
    }
    assertEquals(events[1].isFraud, null);
  });
}

Deno.test("replayTransactions() says which column a file lacks", async () => {
  const { amount: _, ...rest } = row(1, "2018-04-01");
  await assertRejects(
    () => replay([rest]),
    RangeError,
    "Cannot replay row 1 as amount must be a decimal number: current value is no such column",
  );
  assertEquals(await replay([]), []);
});

Deno.test("replayTransactions() refuses a delay that is none", async () => {
  for (const labelDelayMs of [-1, 0.5, NaN, Infinity]) {
    await assertRejects(() => replay([], { labelDelayMs }), RangeError, `current value is ${labelDelayMs}`);
  }
});

/** Rows of a CSV file whose cells have no quotes. */
async function* plainCsv(file: URL): AsyncGenerator<Row> {
  const text = (await Deno.open(file)).readable.pipeThrough(new DecompressionStream("gzip"))
    .pipeThrough(new TextDecoderStream());
  let header: string[] | undefined;
  let rest = "";
  for await (const chunk of text) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const cells = line.trimEnd().split(",");
      if (header === undefined) header = cells;
      else yield Object.fromEntries(header.map((name, i) => [name, cells[i]]));
    }
  }
}

const handbookPresent = await Deno.stat(HANDBOOK).then(() => true, (error) => {
  if (error instanceof Deno.errors.NotFound) return false;
  throw error;
});

Deno.test({
  name: "replayTransactions() brings all 470,491 rows of the handbook's file and their labels" +
    (handbookPresent ? "" : " (skipped: ../shared/data is absent)"),
  ignore: !handbookPresent,
  async fn() {
    const scenarios = [0, 0, 0, 0];
    let [transactions, labels, frauds, zeros, outOfOrder, most, labelsDuring] = [0, 0, 0, 0, 0, 0, 0];
    let now = "";
    for await (const event of replayTransactions(plainCsv(HANDBOOK))) {
      const time = event.kind === "label" ? event.label.labelled_at : event.transaction.timestamp;
      if (time < now) outOfOrder++;
      now = time;
      if (event.kind === "label") {
        labels++;
        if (event.label.is_fraud) frauds++;
      } else {
        transactions++;
        scenarios[event.scenario!]++;
        if (event.transaction.amount === 0) zeros++;
        labelsDuring = labels;
      }
      most = Math.max(most, transactions - labels);
    }
    assertEquals([transactions, labels, frauds, zeros, outOfOrder], [470_491, 470_491, 3_335, 11, 0]);
    assertEquals(scenarios, [467_156, 260, 1_948, 1_127]);
    assert(labelsDuring > 6 / 7 * 470_491 * 0.95, `${labelsDuring} labels came during the stream`);
    assert(most < 80_000, `${most} labels waited at once`);
  },
});

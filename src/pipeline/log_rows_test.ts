import { decodeBody, encodeBody } from "../broker/record_batch.ts";
import { currencyText } from "../domain/currency.ts";
import type { LogRows } from "../ledger/ledger.ts";
import { idTexts } from "../ledger/sql/rows.ts";
import { logRows } from "./log_rows.ts";
import { openDecoder } from "../decode/wasm.ts";
import { assertEquals } from "../testing/assert.ts";

const json = (id: string, fields = "") =>
  `{"transaction_id":${id},"customer_id":"c-ß","terminal_id":7,"amount":12.345${fields},"timestamp":1700000000000}`;
/** Escapes and nested fields are left to TypeScript, the others are decoded in WebAssembly. */
const good = [
  json('"t1"', ',"currency":"JPY"'),
  json('"\\u0074\\u00df"', ',"currency":"KWD"'),
  json("123", ',"x":{"y":1}'),
  json('"\ufefft3"', ',"currency":null'),
  json('"t4"', ',"currency":"EUR"'),
];

function shown(log: LogRows): unknown[][] {
  const text = idTexts(log);
  return Array.from({ length: log.count }, (_, row) => [
    log.offset[row],
    log.producedAtMs[row],
    text(3 * row),
    text(3 * row + 1),
    text(3 * row + 2),
    log.amountMinor[row],
    currencyText(log.currency[row]),
    log.timestampMs[row],
    log.anomalyScore[row],
    log.flagged[row],
  ]);
}

for (const faults of [0, 3]) {
  Deno.test(`logRows() gives what the transactions say, with ${faults} records that are none among them`, async () => {
    const decoder = await openDecoder();
    const values = good.flatMap((value, i) => i < faults ? ["no transaction", value] : [value]);
    const body = encodeBody(values.map((value, i) => ({ key: null, value, timestampMs: 5000 + i })), 0);
    const batch = decodeBody("t", 0, 100, body);
    const { columns } = decoder.decodeBatch(batch);
    const scores = Float64Array.of(0.1, 0.9, 0.3, 0.8, 0.5);
    const decided = { columns, scores, flaggedRows: [1, 3] };
    const expected = good.map((_, row) => {
      const { transactionId, customerId, terminalId, amountMinor, currency = null, timestampMs } = columns
        .transaction(row);
      const record = columns.recordIndex[row];
      const ids = [transactionId, customerId, terminalId];
      const flagged = Number(row === 1 || row === 3);
      return [100 + record, 5000 + record, ...ids, amountMinor, currency, timestampMs, scores[row], flagged];
    });
    assertEquals(expected.map((row) => [row[2], row[5]]), [
      ["t1", 12],
      ["tß", 12345],
      ["123", 1235],
      ["\ufefft3", 1235],
      ["t4", 1235],
    ]);
    assertEquals(shown(logRows(batch, decided, "all")), expected);
    assertEquals(shown(logRows(batch, decided, "flagged")), [expected[1], expected[3]]);
    assertEquals(shown(logRows(batch, decided, "none")), []);
  });
}

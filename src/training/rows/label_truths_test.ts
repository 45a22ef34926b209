import { UNKNOWN_LABEL } from "../train_stream.ts";
import { assertEquals } from "../../testing/assert.ts";
import { LabelTruths } from "./label_truths.ts";

function labels(rows: [key: number, labelledAtMs: number, isFraud: number][]) {
  const keys = () => Uint32Array.from(rows.flatMap(([key]) => [key, ~key]));
  return {
    count: rows.length,
    recordIndex: Int32Array.from(rows, (_, i) => i),
    transactionKey: keys(),
    customerKey: keys(),
    terminalKey: keys(),
    timestampMs: new Float64Array(rows.length),
    labelledAtMs: Float64Array.from(rows, ([, at]) => at),
    isFraud: Uint8Array.from(rows, ([, , isFraud]) => isFraud),
    z: new Float64Array(rows.length),
  };
}

Deno.test("LabelTruths: the newest label of a transaction holds, by when it became known", () => {
  const truths = new LabelTruths();
  truths.add(labels([[1, 5000, 1], [2, 5000, 0], [2, 4000, 1]]));
  truths.add(labels([[1, 9000, 0], [3, 1000, 0], [3, 1000, 1]]));
  assertEquals([...truths.of(Uint32Array.of(1, ~1, 2, ~2, 3, ~3, 4, ~4), 4)], [0, 0, 1, UNKNOWN_LABEL]);
});

Deno.test("LabelTruths keeps as many as come", () => {
  const truths = new LabelTruths();
  const rows = Array.from({ length: 5000 }, (_, i): [number, number, number] => [i, 1, i % 3 === 0 ? 1 : 0]);
  truths.add(labels(rows));
  const found = truths.of(Uint32Array.from(rows.flatMap(([key]) => [key, ~key])), 5000);
  assertEquals([...found], rows.map(([, , isFraud]) => isFraud));
});

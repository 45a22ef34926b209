/**
 * Measures decoding by `JSON.parse`, TypeScript and WebAssembly, also if every tenth record is left to TypeScript.
 * With `--compare N` it first decodes N mutated records both ways, and fails where they differ.
 *
 * @module
 */
import type { RecordBatch } from "../../src/broker/broker.ts";
import { decodeBody, encodeBody, valueOf } from "../../src/broker/record_batch.ts";
import { decodeBatch } from "../../src/decode/decode.ts";
import { openDecoder } from "../../src/decode/wasm.ts";
import { compareDecoders } from "../../src/decode/testing/wasm_cases.ts";
import { wholeNumber } from "../cli/options/values.ts";
import { runAsProgram } from "../cli/run_command.ts";
import { benchCommand } from "./report/bench_command.ts";
import { interleave } from "./report/interleave.ts";
import type { Line } from "./report/report.ts";
import { simulatedRecords } from "./load/simulated_records.ts";

const BATCH_RECORDS = 4096;

function simulatedBatches(count: number, edit: (json: string, i: number) => string): RecordBatch[] {
  const values = simulatedRecords(count).map(({ value }, i) => edit(value, i));
  return Array.from({ length: Math.ceil(count / BATCH_RECORDS) }, (_, i) => {
    const records = values.slice(i * BATCH_RECORDS, (i + 1) * BATCH_RECORDS)
      .map((value) => ({ key: null, value }));
    return decodeBody("transactions", 0, i * BATCH_RECORDS, encodeBody(records, 0));
  });
}

const KINDS: readonly [name: string, edit: (json: string, i: number) => string][] = [
  ["simulated", (json) => json],
  ["258 bytes", (json) => json.replace("{", `{"note":"${"n".repeat(Math.max(0, 258 - json.length - 10))}",`)],
  ["10% odd", (json, i) => i % 10 === 0 ? json.replace("{", '{"device":{"os":"x"},') : json],
];

export const decodeBenchCommand = benchCommand({
  name: "decode",
  description: "Measure decoding: microseconds a record of JSON.parse, TypeScript and WebAssembly.",
  sizes: {
    rounds: { what: "rounds a figure is the median of", full: 15, quick: 2 },
    records: { what: "records of a round", full: 32_768, quick: 4096 },
  },
  options: (command) =>
    command.option(
      "--compare <n>",
      "first compare the decoders on this many mutated records",
      wholeNumber(1),
    ),
}, async ({ rounds, records, compare }: { rounds: number; records: number; compare?: number }, findings) => {
  const decoder = await openDecoder();
  if (compare !== undefined) {
    const startedAt = performance.now();
    for (const kind of ["transaction", "label"] as const) {
      const { records: compared, accepted } = compareDecoders(decoder, compare, { kind, seed: 2 });
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      console.log(
        `${compared} mutated records read the same, ${accepted} of them a ${kind}, after ${seconds} s`,
      );
    }
  }
  const text = new TextDecoder("utf-8", { fatal: true });
  const decoders: [string, (batch: RecordBatch) => unknown][] = [
    ["JSON.parse", (batch) => {
      for (let i = 0; i < batch.count; i++) JSON.parse(text.decode(valueOf(batch, i)!));
    }],
    ["typescript", decodeBatch],
    ["wasm", (batch) => decoder.decodeBatch(batch)],
  ];
  const lines: Line[] = [];
  for (const [kind, edit] of KINDS) {
    const batches = simulatedBatches(records, edit);
    const bytes = Math.round(batches.reduce((sum, batch) => sum + batch.bytes.length, 0) / records);
    const spreads = await interleave(
      decoders.map(([, decode]) => () => {
        const startedAt = performance.now();
        for (const batch of batches) decode(batch);
        return (performance.now() - startedAt) * 1000 / records;
      }),
      { rounds, warmUps: 2 },
    );
    decoders.forEach(([decoder], i) =>
      lines.push({ what: { decoder, records: kind, "bytes/record": bytes }, figure: spreads[i] })
    );
  }
  findings.table({ title: "decoding", unit: "µs/record", digits: 2, lines });
});

if (import.meta.main) await runAsProgram(decodeBenchCommand);

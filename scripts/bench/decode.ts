/**
 * Measures decoding: microseconds a record of `JSON.parse`, of the TypeScript decoder and of the WebAssembly one, on
 * simulated transactions, and on such of which each tenth one is left to TypeScript.
 *
 * Every figure is the median of rounds that take each decoder in turn, with their range. With `--compare N` it first
 * decodes N mutated records both ways and fails where they differ.
 *
 * @module
 */
import { Command } from "commander";
import type { RecordBatch } from "../../src/broker/broker.ts";
import { decodeBody, encodeBody, valueOf } from "../../src/broker/record_batch.ts";
import { encodeTransaction } from "../../src/simulate/encode.ts";
import { simulate } from "../../src/simulate/simulate.ts";
import { decodeBatch } from "../../src/stages/decode.ts";
import { openDecoder } from "../../src/stages/decode_wasm.ts";
import { compareDecoders } from "../../src/stages/decode_wasm_cases.ts";
import { runAsProgram } from "../run_command.ts";

const BATCHES = 8;
const BATCH_RECORDS = 4096;

/** One line of the table: times in microseconds a record. */
interface Measurement {
  decoder: string;
  records: string;
  bytesPerRecord: number;
  median: number;
  fastest: number;
  slowest: number;
}

/** Batches of simulated transactions, each one edited as text. */
function simulatedBatches(edit: (json: string, i: number) => string): RecordBatch[] {
  const values: string[] = [];
  const count = BATCHES * BATCH_RECORDS;
  for (const event of simulate({ randomSeed: 1, start: Date.UTC(2026, 0, 1), count, labels: "none" })) {
    if (event.kind === "transaction") values.push(edit(encodeTransaction(event), values.length));
  }
  return Array.from({ length: BATCHES }, (_, i) => {
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

async function bench(options: { json?: string; rounds: string; compare?: string }): Promise<void> {
  const decoder = await openDecoder();
  if (options.compare !== undefined) {
    const startedAt = performance.now();
    const { records, accepted } = compareDecoders(decoder, Number(options.compare), 2);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(`${records} mutated records read the same, ${accepted} of them accepted, in ${seconds} s`);
  }
  const text = new TextDecoder("utf-8", { fatal: true });
  const decoders: [string, (batch: RecordBatch) => unknown][] = [
    ["JSON.parse", (batch) => {
      for (let i = 0; i < batch.count; i++) JSON.parse(text.decode(valueOf(batch, i)!));
    }],
    ["typescript", decodeBatch],
    ["wasm", (batch) => decoder.decodeBatch(batch)],
  ];
  const line = (cells: (string | number)[]) =>
    cells.map((cell, i) => i < 2 ? String(cell).padEnd(12) : String(cell).padStart(14)).join("");
  console.log(line(["decoder", "records", "bytes/record", "us/record", "range"]));
  const measurements: Measurement[] = [];
  for (const [records, edit] of KINDS) {
    const batches = simulatedBatches(edit);
    const bytes = batches.reduce((sum, batch) => sum + batch.bytes.length, 0) / (BATCHES * BATCH_RECORDS);
    const times: number[][] = decoders.map(() => []);
    for (let round = -2; round < Number(options.rounds); round++) {
      decoders.forEach(([, decode], i) => {
        const startedAt = performance.now();
        for (const batch of batches) decode(batch);
        const time = (performance.now() - startedAt) * 1000 / (BATCHES * BATCH_RECORDS);
        if (round >= 0) times[i].push(time); // the first rounds warm up
      });
    }
    decoders.forEach(([name], i) => {
      const sorted = times[i].sort((a, b) => a - b);
      const [median, fastest, slowest] = [sorted[sorted.length >> 1], sorted[0], sorted[sorted.length - 1]];
      measurements.push({ decoder: name, records, bytesPerRecord: bytes, median, fastest, slowest });
      const range = `${fastest.toFixed(2)} to ${slowest.toFixed(2)}`;
      console.log(line([name, records, bytes.toFixed(0), median.toFixed(2), range]));
    });
  }
  if (options.json) {
    const report = {
      bench: "decode",
      unit: "us/record",
      deno: Deno.version.deno,
      target: Deno.build.target,
      measurements,
    };
    await Deno.writeTextFile(options.json, JSON.stringify(report, null, 2) + "\n");
  }
}

if (import.meta.main) {
  await runAsProgram(
    new Command("bench decode")
      .description("Measure decoding: microseconds a record of JSON.parse, TypeScript and WebAssembly.")
      .option("--rounds <n>", "rounds a figure is the median of", "9")
      .option("--compare <n>", "first compare the decoders on this many mutated records")
      .option("--json <file>", "write the figures to a file, too")
      .action(bench),
  );
}

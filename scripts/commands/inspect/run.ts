import { openBroker } from "../../../src/adapters.ts";
import type { Broker, RecordBatch } from "../../../src/broker/broker.ts";
import { decodeBody, encodeBody, sliceBatch } from "../../../src/broker/record_batch.ts";
import { readConfig } from "../../../src/config.ts";
import {
  type Acceptance,
  acceptanceOf,
  type Inspection,
  inspectRecords,
} from "../../../src/decode/inspect/inspect.ts";
import { registeredFormat, schemaId } from "../../../src/decode/formats/registered.ts";
import { openDecoder } from "../../../src/decode/wasm.ts";
import { openRegistry } from "../../../src/registry/registry.ts";
import { rawRecords } from "../../../src/simulate/raw_lines.ts";
import { openByteSource } from "../../../src/table/byte_source.ts";
import { openDefinitionOf, registryOptions } from "../../cli/options/definition.ts";
import { alignedTable } from "../../cli/aligned_table.ts";
import { UsageError } from "../../cli/run_command.ts";
import type { InspectFlags } from "../inspect.ts";

/** Records that are looked at, of the start, the middle and the end each. */
const SAMPLE = 1000;
const SHOWN_PATHS = 200;

/** Looks at records and prints what they are; with `check`, how a definition reads them. */
export async function inspect(flags: InspectFlags): Promise<void> {
  const { input, topic, out, check, registry } = flags;
  const batches = input === undefined ? await sampleTopic(flags) : await sampleFile(input);
  const records = batches.reduce((sum, batch) => sum + batch.count, 0);
  const where = input ?? `topic ${topic}`;
  if (records === 0) throw new Error(`Cannot inspect ${where} as it must hold records: it holds none`);
  const own = await openDecoder();
  if (check !== undefined) return await checkDefinition(check, batches, where);
  using opened = registry === undefined ? undefined : await openRegistry(registry, await registryOptions());
  const format = opened && await registryFormat(batches, opened, registry!);
  const found = await inspectRecords(batches, { own, seen: `${records} records of ${where}`, format });
  if (out !== undefined && found.proposed !== undefined) await writeNew(out, found.proposed);
  console.log(flags.json ? JSON.stringify(found, plainSets, 2) : describe(found, flags));
}

async function checkDefinition(file: string, batches: RecordBatch[], where: string): Promise<void> {
  using definition = await openDefinitionOf({ definition: file });
  const own = await openDecoder();
  const found = await acceptanceOf(batches, { ...definition!, own });
  console.log([`looked at  ${found.records} records of ${where}`, ...acceptanceLines(found)].join("\n"));
  if (found.faults.length > 0) Deno.exitCode = 1;
}

/** The first, middle and last records of each partition, some thousand each over all of them. */
async function sampleTopic(flags: InspectFlags): Promise<RecordBatch[]> {
  const config = readConfig(flags);
  await using broker = await openBroker(config.stream, { ...config, mustExist: true });
  if (await broker.partitions(flags.topic) === 0) {
    throw new Error(
      `Cannot inspect as the stream ${broker.name} must have the topic ${flags.topic}: it has none`,
    );
  }
  const offsets = await broker.offsets(flags.topic);
  const share = Math.ceil(SAMPLE / offsets.length);
  const batches: RecordBatch[] = [];
  for (const { partition, startOffset, endOffset } of offsets) {
    const middle = Math.floor((startOffset + endOffset - share) / 2);
    let from = startOffset;
    for (const first of [startOffset, middle, endOffset - share]) {
      const start = Math.max(first, from);
      const end = Math.min(start + share, endOffset);
      if (start < end) batches.push(...await take(broker, flags.topic, partition, start, end));
      from = Math.max(from, end);
    }
  }
  return batches;
}

async function take(broker: Broker, topic: string, partition: number, fromOffset: number, toOffset: number) {
  const batches: RecordBatch[] = [];
  for await (const batch of broker.read(topic, partition, { fromOffset, toOffset })) batches.push(batch);
  return batches;
}

/** As of a topic, of the lines of a file. */
async function sampleFile(path: string): Promise<RecordBatch[]> {
  using source = await openByteSource(path);
  const batches: RecordBatch[] = [];
  let offset = 0;
  for await (const records of rawRecords(source.chunks, "inspect", () => null)) {
    const batch = decodeBody(
      "file",
      0,
      offset,
      encodeBody(records.map(({ value }) => ({ key: null, value })), Date.now()),
    );
    offset += batch.count;
    batches.push(batch);
    // The middle is not known before the end: every other batch goes once there are many.
    if (batches.length > 64) {
      batches.splice(
        1,
        batches.length - 2,
        ...batches.slice(1, -1).filter((_, i) => i % 2 === 0),
      );
    }
  }
  const middle = batches[batches.length >> 1];
  const chosen = [...new Set([batches[0], middle, batches.at(-1)])].filter((batch) => batch !== undefined);
  return chosen.map((batch) =>
    batch === batches.at(-1) && chosen.length > 1
      ? sliceBatch(batch, Math.max(0, batch.count - SAMPLE))
      : sliceBatch(batch, 0, Math.min(batch.count, chosen.length === 1 ? 3 * SAMPLE : SAMPLE))
  );
}

async function registryFormat(
  batches: RecordBatch[],
  source: Awaited<ReturnType<typeof openRegistry>>,
  url: string,
) {
  for (const batch of batches) {
    for (let i = 0; i < batch.count; i++) {
      const start = batch.valueStart[i];
      const id = start < 0 ? undefined : schemaId(batch.bytes.subarray(start, batch.valueEnd[i]));
      const schema = id === undefined ? null : await source.schema(id);
      if (schema === null) continue;
      const type = ({ AVRO: "avro", PROTOBUF: "protobuf", JSON: "json-schema" } as const)[schema.type];
      return { format: registeredFormat(type, source), yaml: `{ type: ${type}, registry: "${url}" }` };
    }
  }
  throw new UsageError(`--registry: no record begins with the id of a schema that ${url} has`);
}

async function writeNew(path: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(path, text, { createNew: true });
  } catch (cause) {
    if (!(cause instanceof Deno.errors.AlreadyExists)) throw cause;
    throw new UsageError(`--out must name a file that is not there yet: ${path} is`, { cause });
  }
}

function describe({ records, format, paths, proposed, acceptance }: Inspection, flags: InspectFlags): string {
  const lines = [`looked at  ${records} records: ${format.text}`];
  if (proposed === undefined) {
    lines.push(
      format.name === "registry"
        ? "           give --registry URL to read them by their schemas"
        : "           these cannot be read without knowing what they are",
    );
    return lines.join("\n");
  }
  const shown = paths.slice(0, SHOWN_PATHS);
  lines.push(
    "",
    alignedTable(
      ["path", "type", "in", "different", "range", "examples"],
      shown.map((path) => [
        path.path,
        [...path.types].join(", "),
        `${(100 * path.count / records).toFixed(0)}%`,
        path.distinct >= 5000 ? "5000+" : String(path.distinct),
        Number.isFinite(path.min) ? `${path.min} to ${path.max}` : "",
        path.isCardData
          ? "looks like card data: not shown"
          : path.examples.slice(0, 2).map(shortened).join(", "),
      ]),
    ),
  );
  if (paths.length > shown.length) lines.push(`and ${paths.length - shown.length} more paths`);
  lines.push("", proposed);
  if (acceptance !== undefined) lines.push(...acceptanceLines(acceptance), "");
  return [...lines, ...nextCommands(flags)].join("\n");
}

function acceptanceLines({ records, accepted, passed, faults }: Acceptance): string[] {
  const share = (100 * accepted / records).toFixed(1);
  return [
    `accepted   ${accepted} of ${records} records (${share}%), ${passed} passed over`,
    ...faults.slice(0, 5).map(({ reason, count, example }) => `refused    ${count} ${reason}: ${example}`),
  ];
}

function nextCommands({ topic, input, out }: InspectFlags): string[] {
  const file = out ?? "definition.yaml";
  const from = input === undefined
    ? ""
    : `deno task produce --raw --input ${input} --topic ${topic}\n           `;
  return [
    `next       ${
      out === undefined ? `save the definition as ${file} (or --out ${file}), then\n           ` : ""
    }${from}` +
    `deno task inspect --topic ${topic} --check ${file}`,
    `           deno task train --from-stream --topic ${topic} --definition ${file} --out my-model`,
    `           deno task consume --topic ${topic} --definition ${file} --model my-model`,
  ];
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

/** Values stay out of JSON: they are of customers. */
function plainSets(name: string, value: unknown): unknown {
  if (name === "values") return undefined;
  return value instanceof Set ? [...value] : value;
}

import type { RecordBatch } from "../../broker/broker.ts";
import { valueOf } from "../../broker/record_batch.ts";
import type { StreamDefinition } from "../definition/definition.ts";
import { definedDecoder } from "../definition/decoder.ts";
import { readDefinition } from "../definition/read.ts";
import { unwrapper } from "../definition/unwrap.ts";
import { jsonFormat } from "../formats/json.ts";
import type { RecordFormat } from "../formats/format.ts";
import { msgpackFormat } from "../formats/msgpack.ts";
import { schemaId } from "../formats/registered.ts";
import type { Decoder } from "../wasm.ts";
import { type PathProfile, profilePaths } from "./profile.ts";
import { proposalYaml, proposeFields, proposeUnwrap } from "./propose.ts";

/** What the bytes of records are, by their first ones. */
export interface FormatFound {
  name: "json" | "msgpack" | "registry" | "other";
  /** For people. */
  text: string;
}

/** How many records a definition takes. */
export interface Acceptance {
  records: number;
  accepted: number;
  passed: number;
  /** Reasons with counts and the first message, the most frequent first. */
  faults: { reason: string; count: number; example: string }[];
}

/** What is found in a sample of records. */
export interface Inspection {
  records: number;
  format: FormatFound;
  paths: PathProfile[];
  /** A definition in YAML; undefined where the records cannot be read without one. */
  proposed?: string;
  acceptance?: Acceptance;
}

/** Tells the format of a sample. */
export function formatOf(batches: readonly RecordBatch[]): FormatFound {
  const kinds = new Map<string, number>();
  const ids = new Set<number>();
  for (const batch of batches) {
    for (let i = 0; i < batch.count; i++) {
      const value = valueOf(batch, i);
      if (value === null || value.length === 0) continue;
      const kind = kindOf(value);
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      if (kind === "registry") ids.add(schemaId(value)!);
    }
  }
  const [kind = "empty"] = [...kinds].sort(([, a], [, b]) => b - a).map(([name]) => name);
  if (kind === "registry") {
    return {
      name: "registry",
      text: `a schema id of a registry in front (${[...ids].slice(0, 10).join(", ")})`,
    };
  }
  if (kind === "json" || kind === "msgpack") {
    return { name: kind, text: kind === "json" ? "JSON" : "MessagePack" };
  }
  return { name: "other", text: kind };
}

function kindOf(value: Uint8Array): string {
  const [first, second, third, fourth] = value;
  if (first === 0x1f && second === 0x8b) return "gzip: unpack it before it is produced";
  if (first === 0x4f && second === 0x62 && third === 0x6a && fourth === 1) {
    return "an Avro file in each record";
  }
  if (schemaId(value) !== undefined) return "registry";
  const start = value.find((byte) => byte > 32);
  if (start === 0x7b || start === 0x5b) return "json";
  return (first & 0xf0) === 0x80 || first === 0xde || first === 0xdf ? "msgpack" : "not known";
}

/** Looks at a sample of records: what they are, what they have, and how a definition would read them. */
export async function inspectRecords(
  batches: readonly RecordBatch[],
  { own, seen, format: given }: {
    own: Decoder;
    seen: string;
    format?: { format: RecordFormat; yaml: string };
  },
): Promise<Inspection> {
  const found = formatOf(batches);
  const format = given?.format ??
    (found.name === "json" ? jsonFormat : found.name === "msgpack" ? msgpackFormat : undefined);
  const records = batches.reduce((sum, batch) => sum + batch.count, 0);
  if (format === undefined) return { records, format: found, paths: [] };
  const roots = await readAll(batches, format);
  const unwrap = proposeUnwrap(new Set(profilePaths(roots).map(({ path }) => path)));
  const take = unwrapper(unwrap);
  const bodies = roots.flatMap((root) => {
    try {
      return [take(root, () => ({})) ?? []].flat();
    } catch {
      return [];
    }
  });
  const fields = proposeFields(profilePaths(bodies), bodies.length);
  const proposed = proposalYaml({ unwrap, fields }, given?.yaml ?? found.name, seen);
  const isWhole = !proposed.includes(": TODO");
  return {
    records,
    format: found,
    paths: profilePaths(roots),
    proposed,
    acceptance: isWhole
      ? await acceptanceOf(batches, { definition: readDefinition(proposed, "the proposal"), format, own })
      : undefined,
  };
}

/** How many records of a sample a definition takes. */
export async function acceptanceOf(
  batches: readonly RecordBatch[],
  { definition, format, own }: { definition: StreamDefinition; format: RecordFormat; own: Decoder },
): Promise<Acceptance> {
  const decoder = definedDecoder(definition, format, { own, maxAheadMs: Infinity });
  const acceptance: Acceptance = { records: 0, accepted: 0, passed: 0, faults: [] };
  const reasons = new Map<string, Acceptance["faults"][number]>();
  for (const batch of batches) {
    await decoder.prepare?.(batch);
    const { columns, faults, passed } = decoder.decodeBatch(batch);
    acceptance.records += batch.count;
    acceptance.accepted += columns.count;
    acceptance.passed += passed;
    for (const { error: { reason, message } } of faults) {
      const known = reasons.get(reason) ?? { reason, count: 0, example: message };
      known.count++;
      reasons.set(reason, known);
    }
  }
  acceptance.faults = [...reasons.values()].sort((a, b) => b.count - a.count);
  return acceptance;
}

async function readAll(batches: readonly RecordBatch[], format: RecordFormat): Promise<unknown[]> {
  const roots: unknown[] = [];
  for (const batch of batches) {
    await format.prepare?.(batch);
    for (let i = 0; i < batch.count; i++) {
      const value = valueOf(batch, i);
      if (value === null) continue;
      try {
        roots.push(format.read(value));
      } catch {
        // A record that cannot be read has no paths; the acceptance counts it.
      }
    }
  }
  return roots;
}

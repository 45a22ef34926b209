/**
 * Ledger against objects: every verdict in exactly one object and as it is there, every object as it was recorded.
 *
 * @module
 */
import { allFlagged } from "../ledger/all_flagged.ts";
import type { FlaggedTransaction, ObjectCut } from "../ledger/ledger.ts";
import { sha256Hex } from "../runtime/sha256.ts";
import { unknownObjects } from "../relay/own_objects.ts";
import { objectEncoders } from "../objects/formats/encoders.ts";
import { type ObjectRow, readObject } from "../objects/formats/read_object.ts";
import type { Problems } from "./problems.ts";
import type { VerifyParts } from "./verify.ts";

/** Objects that are read at one time: of so many stretches, so many of each. */
const CONCURRENT_READS = 4;

/** Compares a partition's flagged transactions with its objects. */
export async function verifyObjects(
  parts: VerifyParts,
  partition: number,
  problems: Problems,
): Promise<{ flagged: number; objects: number }> {
  const { ledger, topic } = parts;
  const place = `${topic}/${partition}`;
  /** Offset of each flagged transaction, and whether an object held it. */
  const held = new Map<number, boolean>();
  for await (const { offset } of allFlagged(ledger, topic, partition)) held.set(offset, false);
  await compareCounts(parts, partition, held.size, problems);

  const cuts = (await Array.fromAsync(ledger.cuts(topic, partition))).filter((cut) => {
    if (!cut.stored) {
      problems.add("not-stored", `object ${cut.key} is recorded and not known to be stored yet`);
    }
    return cut.stored;
  });
  // The rows of a stretch are read once for all of its objects.
  const stretches = Map.groupBy(cuts, ({ firstOffset }) => firstOffset);
  await inParallel(stretches.values(), async (cuts) => {
    const rows = await flaggedIn(parts, cuts);
    await inParallel(cuts.values(), async (cut) => {
      const found = await rowsIn(parts, cut, problems);
      for (const { place: where, offset } of found) {
        const known = where === place ? held.get(offset) : undefined;
        if (known === undefined) {
          problems.add(
            "unknown-row",
            `object ${cut.key} holds ${where} offset ${offset}, which is not flagged`,
          );
        } else if (known) {
          problems.add(
            "doubled-row",
            `offset ${offset} of ${place} is in more than one object, ${cut.key} among them`,
          );
        } else held.set(offset, true);
      }
      await compareVerdicts(cut, found.filter(({ place: where }) => where === place), rows, problems);
    });
  });
  for (const [offset, isHeld] of held) {
    if (!isHeld) {
      problems.add("not-in-objects", `offset ${offset} of ${place} is flagged and in no stored object`);
    }
  }
  return { flagged: held.size, objects: cuts.length };
}

async function inParallel<T>(elements: Iterable<T>, work: (element: T) => Promise<void>): Promise<void> {
  const left = elements[Symbol.iterator]();
  const rest = { [Symbol.iterator]: () => left };
  await Promise.all(Array.from({ length: CONCURRENT_READS }, async () => {
    for (const element of rest) await work(element);
  }));
}

/** The ledger's verdicts in the stretch of these cuts, by offset. */
async function flaggedIn(
  { ledger }: VerifyParts,
  cuts: readonly ObjectCut[],
): Promise<Map<number, FlaggedTransaction>> {
  const { topic, partition, firstOffset } = cuts[0];
  const count = cuts.reduce((sum, { rows }) => sum + rows, 0);
  const rows = await ledger.flaggedAfter(topic, partition, firstOffset - 1, count);
  return new Map(rows.map((row) => [row.offset, row]));
}

/** Compares the verdicts in an object with those of the ledger, as they would be in an object of this format. */
async function compareVerdicts(
  { key, format, topic, partition }: ObjectCut,
  found: readonly ObjectRow[],
  rows: ReadonlyMap<number, FlaggedTransaction>,
  problems: Problems,
): Promise<void> {
  const differs = (offset: number) =>
    problems.add(
      "verdict-differs",
      `the verdict of ${topic}/${partition} offset ${offset} in the ledger is not the one in object ${key}`,
    );
  const same = found.filter(({ offset }) => rows.has(offset));
  const texts = same.map(({ offset }) => rows.get(offset)!.verdict);
  const lines = new TextEncoder().encode(texts.map((text) => `${text}\n`).join(""));
  if (format === "ndjson") {
    same.forEach(({ offset, text }, i) => text === texts[i] || differs(offset));
    return;
  }
  let expected: ObjectRow[];
  try {
    expected = await readObject(format, objectEncoders[format].encode(lines));
  } catch {
    // One of them is no verdict: it is named with its record.
    same.forEach(({ offset }, i) => isJson(texts[i]) || differs(offset));
    return;
  }
  same.forEach(({ offset, text }, i) => text === expected[i].text || differs(offset));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

async function compareCounts(
  { ledger, topic }: VerifyParts,
  partition: number,
  flagged: number,
  problems: Problems,
) {
  let said = 0;
  for await (const range of ledger.ranges(topic, partition)) said += range.flagged;
  if (said !== flagged) {
    problems.add(
      "wrong-flagged",
      `${topic}/${partition} was committed with ${said} flagged transactions: the ledger has ${flagged}`,
    );
  }
}

/** The rows of an object; none where the object is not as it was recorded. */
async function rowsIn(
  { store, onDamage }: VerifyParts,
  cut: ObjectCut,
  problems: Problems,
): Promise<ObjectRow[]> {
  const bytes = await store.get(cut.key);
  if (bytes === undefined) {
    problems.add("object-missing", `object ${cut.key} is not in ${store.name}`);
    onDamage?.({ what: "missing", key: cut.key });
    return [];
  }
  if (bytes.length !== cut.byteLength || await sha256Hex(bytes) !== cut.sha256) {
    problems.add(
      "object-altered",
      `object ${cut.key} does not have the bytes that were recorded (SHA-256 ${cut.sha256})`,
    );
    onDamage?.({ what: "altered", key: cut.key });
    return [];
  }
  const rows = await readObject(cut.format, bytes);
  if (rows.length !== cut.rows) {
    problems.add(
      "object-rows",
      `object ${cut.key} was recorded with ${cut.rows} rows and holds ${rows.length}`,
    );
  }
  return rows;
}

/**
 * Looks for objects of the topic that no cut names: whoever reads the store as one data set would read their rows twice.
 *
 * An object under another topic's name is passed over: the store may serve several.
 */
export async function verifyKeys(parts: VerifyParts, problems: Problems): Promise<void> {
  for (const key of await unknownObjects(parts, parts)) {
    problems.add("unknown-object", `object ${key} is in ${parts.store.name} and not in the ledger`);
    parts.onDamage?.({ what: "unknown", key });
  }
}

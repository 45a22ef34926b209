/**
 * Ledger against objects: every flagged transaction in exactly one object, every object as it was recorded.
 *
 * @module
 */
import { allFlagged } from "../ledger/all_flagged.ts";
import type { ObjectCut } from "../ledger/ledger.ts";
import { sha256Hex } from "../runtime/sha256.ts";
import { unknownObjects } from "../relay/own_objects.ts";
import { readObjectOffsets } from "../objects/formats/read_object.ts";
import type { Problems } from "./problems.ts";
import type { VerifyParts } from "./verify.ts";

/** Objects that are read at one time. */
const CONCURRENT_READS = 16;

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
  for await (const { offset } of allFlagged(parts.ledger, parts.topic, partition)) held.set(offset, false);
  await compareCounts(parts, partition, held.size, problems);

  const cuts = (await Array.fromAsync(ledger.cuts(topic, partition))).filter((cut) => {
    if (!cut.stored) {
      problems.add("not-stored", `object ${cut.key} is recorded and not known to be stored yet`);
    }
    return cut.stored;
  });
  const left = cuts.values();
  await Promise.all(Array.from({ length: CONCURRENT_READS }, async () => {
    for (const cut of left) {
      for (const [where, offset] of await offsetsIn(parts, cut, problems)) {
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
    }
  }));
  for (const [offset, isHeld] of held) {
    if (!isHeld) {
      problems.add("not-in-objects", `offset ${offset} of ${place} is flagged and in no stored object`);
    }
  }
  return { flagged: held.size, objects: cuts.length };
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

/** The rows of an object as `topic/partition` and offset; none where the object is not as it was recorded. */
async function offsetsIn(
  { store, onDamage }: VerifyParts,
  cut: ObjectCut,
  problems: Problems,
): Promise<[string, number][]> {
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
  const rows = await readObjectOffsets(cut.format, bytes);
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

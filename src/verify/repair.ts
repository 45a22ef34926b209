/**
 * Mending of objects from the ledger, which holds every row of them.
 *
 * @module
 */
import { type MovedObject, ownsObjects, setAside } from "../relay/own_objects.ts";
import type { VerifyParts } from "./verify.ts";

/** An object that is not as the ledger recorded it, or that no cut names. */
export interface ObjectDamage {
  what: "missing" | "altered" | "unknown";
  key: string;
}

/** What was done. */
export interface Repair {
  /** Objects that the owner of their partition writes again. */
  toWriteAgain: number;
  /** Where altered and unknown objects are now. */
  setAside: readonly MovedObject[];
}

/** Keys that are marked in one statement. */
const MARKED_AT_ONCE = 256;

/**
 * Sets altered and unknown objects aside, and marks missing and altered ones as not stored, so that the owner of their
 * partition writes them again with the recorded bytes.
 *
 * @throws Error where the bucket or folder is not there, or its objects are another ledger's.
 */
export async function repairObjects(
  parts: Pick<VerifyParts, "ledger" | "store" | "topic">,
  damages: readonly ObjectDamage[],
): Promise<Repair> {
  const { ledger, store, topic } = parts;
  if (damages.length === 0) return { toWriteAgain: 0, setAside: [] };
  if (!await store.isThere()) {
    throw new Error(
      `Cannot repair objects as ${store.name} must be there: it is not; restore it, or make it by hand`,
    );
  }
  if (!await ownsObjects(parts, topic, "repair")) {
    throw new Error(
      `Cannot repair objects as those of ${topic} in ${store.name} must be of the ledger ${ledger.name}: they are ` +
        "another ledger's; name that one, or another bucket or folder",
    );
  }
  let moved: readonly MovedObject[] = [];
  const inTheWay = damages.filter(({ what }) => what !== "missing").map(({ key }) => key);
  await setAside(store, inTheWay, (all) => moved = all);
  const lost = damages.filter(({ what }) => what !== "unknown").map(({ key }) => key);
  for (let at = 0; at < lost.length; at += MARKED_AT_ONCE) {
    await ledger.markUnstored(lost.slice(at, at + MARKED_AT_ONCE));
  }
  return { toWriteAgain: lost.length, setAside: moved };
}

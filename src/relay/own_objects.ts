/**
 * Whose objects a store holds, and what becomes of those that the ledger does not know (any more).
 *
 * A ledger that is restored from an older copy, or fails over to a standby that lacks its last commits, forgets cuts whose
 * objects are stored. Their rows are committed and cut again, so the old objects are set aside: out of the data set, under a
 * name that follows from key and bytes.
 *
 * @module
 */
import type { Ledger } from "../ledger/ledger.ts";
import { OBJECT_PREFIX, placeOfKey } from "../objects/keys.ts";
import { type ObjectStore, StoreAbsentError } from "../objects/objects.ts";
import { DeliveryError } from "../runtime/delivery_error.ts";
import { sha256Hex } from "../runtime/sha256.ts";

/** What the key of every object that was set aside begins with. */
export const SET_ASIDE_PREFIX = "set-aside/";

/** Which objects: those of a topic, of one of its partitions, from an offset on. */
export interface ObjectsOf {
  topic: string;
  partition?: number;
  fromOffset?: number;
  /** Whether only a stored cut makes an object known (default: any cut). */
  storedOnly?: boolean;
}

/**
 * Puts an object; the bucket or folder is made for the ledger's first one only.
 *
 * @throws DeliveryError, retriable, where the bucket or folder vanished after objects had been stored in it.
 */
export async function putObject(
  { ledger, store }: { ledger: Ledger; store: ObjectStore },
  key: string,
  bytes: Uint8Array,
  sha256: string,
): Promise<"created" | "exists"> {
  try {
    return await store.put(key, bytes, { sha256 });
  } catch (cause) {
    if (!(cause instanceof StoreAbsentError)) throw cause;
    if (await ledger.lastStored() !== undefined) throw vanished(store, cause);
    await store.make();
    return await store.put(key, bytes, { sha256 });
  }
}

/**
 * Whether the objects of a topic in the store are this ledger's, by a mark that the first ledger to write there leaves.
 *
 * Without a mark they are this ledger's if the last one that it stored is there, or it knows some, or there are none.
 *
 * @param expects "mark" where the mark was there before; "repair" to make it anew although objects are gone.
 * @throws DeliveryError, retriable, where the objects vanished.
 */
export async function ownsObjects(
  parts: { ledger: Ledger; store: ObjectStore },
  topic: string,
  expects: "anything" | "mark" | "repair" = "anything",
): Promise<boolean> {
  const { ledger, store } = parts;
  const key = `ledgers/${topic}`;
  const id = await ledger.id();
  const readMark = async () => new TextDecoder().decode(await store.get(key));
  const mark = await readMark();
  if (mark !== "") return mark === id;
  if (expects === "mark") throw vanished(store);
  const last = await ledger.lastStored(topic);
  if (last === undefined || await store.get(last.key) === undefined) {
    if (last !== undefined && expects !== "repair") throw vanished(store);
    const found = await keysOf(store, { topic });
    if (
      found.length > 0 && (await unknownObjects(parts, { topic, storedOnly: true })).length === found.length
    ) return false;
  }
  const bytes = new TextEncoder().encode(id);
  try {
    if (await putObject(parts, key, bytes, await sha256Hex(bytes)) === "created") return true;
  } catch (error) {
    // A store that takes objects alone: then nothing shows whose they are.
    if (error instanceof DeliveryError && !error.retriable) return false;
    throw error;
  }
  return await readMark() === id;
}

function vanished(store: ObjectStore, cause?: unknown): DeliveryError {
  return new DeliveryError(
    `Cannot store objects as ${store.name} must hold what was stored in it: it vanished, or was made anew; restore it, ` +
      "or make it by hand where it is not there, and run `deno task verify --repair`, which has every object written again",
    { retriable: true, cause },
  );
}

/** Keys of objects in the store that no cut of the ledger names. */
export async function unknownObjects(
  { ledger, store }: { ledger: Ledger; store: ObjectStore },
  of: ObjectsOf,
): Promise<string[]> {
  // Listed before the ledger is read: a cut is recorded before its object is written.
  const unknown = new Set(await keysOf(store, of));
  if (unknown.size === 0) return [];
  for (const { topic, partition } of await ledger.partitions()) {
    if (topic !== of.topic || partition !== (of.partition ?? partition)) continue;
    for await (const { key, stored } of ledger.cuts(topic, partition)) {
      if (stored || !of.storedOnly) unknown.delete(key);
    }
  }
  return [...unknown];
}

/** An object that was set aside. */
export interface MovedObject {
  key: string;
  /** Its key from now on. */
  now: string;
}

/**
 * Takes objects out of the data set; repeating it is safe.
 *
 * @param onMoved Called once with those that were there, also if it fails at a later one.
 */
export async function setAside(
  store: ObjectStore,
  keys: readonly string[],
  onMoved: (moved: readonly MovedObject[]) => void = () => {},
): Promise<void> {
  const moved: MovedObject[] = [];
  try {
    for (const key of keys) {
      const bytes = await store.get(key);
      if (bytes === undefined) continue;
      const sha256 = await sha256Hex(bytes);
      const now = `${SET_ASIDE_PREFIX}${sha256.slice(0, 16)}/${key}`;
      await store.put(now, bytes, { sha256 });
      await store.delete(key);
      moved.push({ key, now });
    }
  } finally {
    if (moved.length > 0) onMoved(moved);
  }
}

async function keysOf(
  store: ObjectStore,
  { topic, partition, fromOffset = 0 }: ObjectsOf,
): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of store.list(OBJECT_PREFIX)) {
    const place = placeOfKey(key);
    // A file under no object's name is of the data set, and so of every topic in it.
    const isMeant = place === undefined
      ? partition === undefined
      : place.topic === topic && place.partition === (partition ?? place.partition) &&
        place.firstOffset >= fromOffset;
    if (isMeant) keys.push(key);
  }
  return keys;
}

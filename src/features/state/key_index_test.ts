import { Random } from "../../training/random.ts";
import { assert, assertEquals, assertThrows } from "../../testing/assert.ts";
import { KeyIndex, mixKey, MOST_KEYS } from "./key_index.ts";

const STRIDE = 2;

/** Keys whose places in an index of up to 2^12 slots are all alike, so that they stand far behind it. */
function crowdedKeys(count: number): number[] {
  const keys: number[] = [];
  for (let key = 1; keys.length < count; key++) if (mixKey(key, 0) >>> 20 === 5) keys.push(key);
  return keys;
}

for (const maxEntries of [700, 2 ** 20, 2 ** 26, MOST_KEYS]) {
  for (const crowded of [false, true]) {
    Deno.test(`KeyIndex finds what a Map finds, for up to ${maxEntries} entries, keys ${crowded ? "in one place" : "spread"}`, () => {
      const random = new Random(maxEntries);
      const keys = crowded ? crowdedKeys(300) : Array.from({ length: 2000 }, (_, i) => i * 7 + 1);
      const most = keys.length / 3;
      const index = new KeyIndex(maxEntries);
      const words = new Uint32Array(700 * STRIDE);
      const model = new Map<number, number>();
      const keyOf: number[] = [];
      for (let i = 0; i < 20_000; i++) {
        const key = keys[random.below(keys.length)];
        const found = index.find(key, 0, words, STRIDE);
        assertEquals(found, model.get(key) ?? -1);
        if (found >= 0) continue;
        let entry = model.size;
        if (entry >= most) {
          entry = random.below(model.size);
          index.remove(entry, words, STRIDE);
          model.delete(keyOf[entry]);
        }
        words[entry * STRIDE] = key;
        keyOf[entry] = key;
        model.set(key, entry);
        index.add(entry, model.size, words, STRIDE);
      }
      const again = new KeyIndex(maxEntries);
      again.rebuild(words, STRIDE, model.size);
      for (const key of keys) assertEquals(again.find(key, 0, words, STRIDE), model.get(key) ?? -1);
    });
  }
}

for (const crowded of [false, true]) {
  Deno.test(`KeyIndex finds what a Map finds where entries get other keys without being removed, keys ${crowded ? "in one place" : "spread"}`, () => {
    const random = new Random(3);
    const keys = crowded ? crowdedKeys(300) : Array.from({ length: 2000 }, (_, i) => i * 7 + 1);
    for (const most of [1, 2, 13, 64, 100]) {
      const index = new KeyIndex(most, 0.25);
      const words = new Uint32Array(most * STRIDE);
      const model = new Map<number, number>();
      for (let i = 0, remembered = 0; i < 20_000; i++) {
        const key = keys[random.below(keys.length)];
        const found = index.find(key, 0, words, STRIDE);
        assertEquals(found, model.get(key) ?? -1);
        if (found >= 0) continue;
        const entry = remembered++ % most;
        model.delete(words[entry * STRIDE]);
        words[entry * STRIDE] = key;
        model.set(key, entry);
        index.add(entry, model.size, words, STRIDE);
      }
    }
  });
}

Deno.test("KeyIndex refuses more entries than its slots can name", () => {
  const index = new KeyIndex(15);
  const words = new Uint32Array(2 * 40);
  const fill = () => {
    for (let entry = 0; entry < 40; entry++) {
      words[2 * entry] = entry + 1;
      index.add(entry, entry + 1, words, STRIDE);
    }
  };
  assert(assertThrows(fill, RangeError).message.includes("must be at most 15"));
});

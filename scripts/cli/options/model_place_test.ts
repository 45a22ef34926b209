import { assertEquals } from "../../../src/testing/assert.ts";
import { modelPlace } from "./model_place.ts";

const embedded = new URL("../../../model/", import.meta.url).href;

const cases: [name: string, folder: string, isStandalone: boolean, isThere: boolean, place: string][] = [
  ["the default folder of a checkout", "model", false, true, "model"],
  ["the default folder of a checkout, absent", "model", false, false, "model"],
  ["a model beside a compiled program", "model", true, true, "model"],
  ["no model beside a compiled program", "model", true, false, embedded],
  ["a folder that was named, absent", "other", true, false, "other"],
];

for (const [name, folder, isStandalone, isThere, place] of cases) {
  Deno.test(`modelPlace() of ${name}`, () => {
    const asked: string[] = [];
    const hasFile = (path: string) => asked.push(path) > 0 && isThere;
    assertEquals(String(modelPlace(folder, { isStandalone, hasFile })), place);
    assertEquals(asked.every((path) => path === "model/forest.json"), true);
  });
}

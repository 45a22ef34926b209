import { assertEquals } from "../../testing/assert.ts";
import { featureRegistry } from "../registry.ts";
import { RowState } from "./row_state.ts";
import { rowWriter } from "./row_writer.ts";

Deno.test("rowWriter() writes any number of features at their columns, and nothing beside them", () => {
  const row = Object.assign(new RowState(), {
    amount: 3,
    timestampMs: 7.2e7,
    z: 1.5,
    customerMean: 4,
    suspicion: 2,
  });
  const all = [...featureRegistry.values()];
  for (let length = 1; length <= all.length; length++) {
    const definitions = all.slice(all.length - length).reverse();
    const out = new Float32Array(length + 2).fill(-9);
    rowWriter(definitions)(row, out, 1);
    const expected = definitions.map((definition) => Math.fround(definition.value(row)));
    assertEquals([...out], [-9, ...expected, -9]);
  }
});

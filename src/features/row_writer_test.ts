import { assertEquals } from "../testing/assert.ts";
import { featureRegistry } from "./registry.ts";
import { rowWriter } from "./row_writer.ts";
import { RowState } from "./state/part.ts";

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
    const parts = definitions.map(({ needs }) => needs?.open() ?? {});
    const out = new Float32Array(length + 2).fill(-9);
    rowWriter(definitions, parts)(row, out, 1);
    const expected = definitions.map((definition, i) => Math.fround(definition.value(row, parts[i])));
    assertEquals([...out], [-9, ...expected, -9]);
  }
});

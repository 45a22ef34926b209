import { loadModel } from "../../forest/load.ts";
import { openFeatureStage } from "../../features/stage.ts";
import { testColumns } from "../../features/testing/stream.ts";
import { assertEquals } from "../../testing/assert.ts";
import { OwnedStates } from "./feature_states.ts";

const { manifest } = await loadModel("model");

/** A state that saw these customers at these times, seconds. */
function owned(seen: Record<string, number>, missing = 0) {
  const stage = openFeatureStage(manifest);
  const rows = Object.entries(seen).map(([customer, seconds]) => ({
    ...{ id: `${customer} at ${seconds}`, customer, terminal: "m", amount: 5, timestampMs: seconds * 1000 },
  }));
  stage.apply(testColumns(rows));
  return { stage, missing };
}

Deno.test("OwnedStates gives the state that knows the customer, the newest of several, whatever partitioner wrote it", () => {
  // The default partitioner names partition 1 for everyone.
  const states = new OwnedStates({ partitionOf: () => 1 }, manifest, () => 4);
  const answer = (customer: string) => {
    const { origin, partition } = states.of(customer);
    return [origin, partition];
  };
  assertEquals(answer("a"), ["cold", null]);
  assertEquals(states.all().map(({ origin }) => origin), ["cold"]);
  states.set(0, owned({ a: 1_700_000_000, both: 1_700_000_000 }));
  states.set(3, owned({ c: 1_700_000_000, both: 1_700_000_060 }, 7));
  assertEquals([answer("a"), answer("c"), answer("both")], [["live", 0], ["partial", 3], ["partial", 3]]);
  // Another member may know this one.
  assertEquals(answer("nobody"), ["cold", null]);
  states.set(1, owned({ d: 1_700_000_000 }));
  assertEquals([answer("nobody"), answer("d"), answer("c")], [["live", 1], ["live", 1], ["partial", 3]]);
  states.set(3, undefined);
  assertEquals([answer("both"), answer("c")], [["live", 0], ["live", 1]]);
});

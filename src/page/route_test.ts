import { assertEquals } from "../testing/assert.ts";
import { parseRoute, routeTo } from "./route.ts";

Deno.test("parseRoute() reads what routeTo() writes, whatever the id", () => {
  for (const id of ["1-55", "a/b", "ü?#&=", "100%", "%2F", "..", "<img src=x>"]) {
    const { view, id: read } = parseRoute(routeTo("transactions", id));
    assertEquals([view, read], ["transactions", id]);
  }
  const { view, query } = parseRoute(
    routeTo("flagged", "", { customer: "c&1=?", terminal: "", label: "fraud" }),
  );
  assertEquals([view, Object.fromEntries(query)], ["flagged", { customer: "c&1=?", label: "fraud" }]);
});

for (
  const [hash, view] of [
    ["", "overview"],
    ["#", "overview"],
    ["#/", "overview"],
    ["#/drift", "drift"],
    ["#/constructor", undefined],
    ["#/transactions", undefined],
    ["#/transactions/", undefined],
    ["#/model/x", undefined],
    ["#/transactions/%", "transactions"],
  ] as const
) {
  Deno.test(`parseRoute() of ${JSON.stringify(hash)} is ${view}`, () =>
    assertEquals(parseRoute(hash).view, view));
}

import { assertEquals } from "../../testing/assert.ts";
import { encodeLabel, encodeTransaction } from "./encode.ts";
import { simulate } from "../simulate.ts";

Deno.test("encodeTransaction() and encodeLabel() write what JSON.stringify writes", () => {
  for (const event of simulate({ randomSeed: 6, start: 0, count: 5_000, fraudRate: 0.1 })) {
    if (event.kind === "label") assertEquals(encodeLabel(event), JSON.stringify(event.label));
    else assertEquals(encodeTransaction(event), JSON.stringify(event.transaction));
  }
});

import { assertEquals } from "../testing/assert.ts";
import { rawRecords } from "./raw_lines.ts";

Deno.test("rawRecords() gives each line as it stands, however the bytes come, and numbers it", async () => {
  const bytes = new TextEncoder().encode('{"a":1}\r\n\n{"ä":2}\nlast');
  for (const size of [1, 3, bytes.length]) {
    const chunks = async function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    };
    const decoder = new TextDecoder();
    const batches = await Array.fromAsync(rawRecords(chunks(), "r", (line) => String(line.length)));
    assertEquals(
      batches.flat().map(({ key, value, headers }) => [key, decoder.decode(value as Uint8Array), headers]),
      [
        ["7", '{"a":1}', { produce_run: "r/0" }],
        ["8", '{"ä":2}', { produce_run: "r/1" }],
        ["4", "last", { produce_run: "r/2" }],
      ],
    );
  }
});

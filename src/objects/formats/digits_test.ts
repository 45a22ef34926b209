import { parquetReadObjects } from "hyparquet";
import { decodeTransaction } from "../../decode/decode.ts";
import { integers } from "../../decode/testing/wasm_record_cases.ts";
import { encodeVerdict } from "../../domain/verdict.ts";
import { assertEquals, assertStringIncludes } from "../../testing/assert.ts";
import { objectEncoders } from "./encoders.ts";

const encoder = new TextEncoder();
const RECORDS = 400;

/** Drawn JSON values, numbers in every notation among them. */
function values(seed: number): () => string {
  const draw = integers(seed);
  const digits = (most: number) => Array.from({ length: 1 + draw(most) }, () => draw(10)).join("");
  const number = () =>
    `${draw(3) ? "" : "-"}${draw(4) ? 1 + draw(9) + digits(30) : "0"}${draw(2) ? `.${digits(30)}` : ""}${
      draw(3) ? "" : `${draw(2) ? "e" : "E"}${["", "+", "-"][draw(3)]}${digits(4)}`
    }`;
  const text = () => JSON.stringify(["", "1.0", "é\u2028😀", 'quote " \\ /', "\u0001\t", "-0"][draw(6)]);
  const value = (depth: number): string => {
    const kind = draw(depth > 8 ? 5 : 8);
    if (kind < 3) return number();
    if (kind < 5) return kind === 3 ? text() : ["true", "false", "null"][draw(3)];
    const inner = Array.from({ length: draw(4) }, () => value(depth + 1));
    return kind === 5 ? `[${inner}]` : `{${inner.map((each, i) => `"k${i}":${each}`)}}`;
  };
  return () => value(0);
}

Deno.test("objectEncoders keep the text of every unknown field that the decoder took", async () => {
  const next = values(11);
  const fields = Array.from({ length: RECORDS }, () => `"a":${next()},"b":${next()},"ß":${next()}`);
  const ids = '"transaction_id":12345678901234567890,"customer_id":4600000000000012345,"terminal_id":"m"';
  const lines = fields.map((text, offset) => {
    const json = `{${ids},"amount":1.50,"timestamp":"2026-01-02T03:04:05Z",${text}}`;
    const transaction = decodeTransaction(encoder.encode(json));
    return encodeVerdict(
      {
        transaction,
        anomalyScore: 0.5,
        threshold: 0.4,
        flagged: true,
        model: "",
        reasons: [],
        scoredAtMs: 0,
      },
      { topic: "t", partition: 0, offset },
    );
  });
  const bytes = encoder.encode(lines.map((line) => `${line}\n`).join(""));
  const read = new TextDecoder().decode(objectEncoders.ndjson.encode(bytes)).split("\n");
  const rows = await parquetReadObjects({ file: objectEncoders.parquet.encode(bytes).slice().buffer });
  assertEquals(rows.length, RECORDS);
  fields.forEach((text, i) => {
    assertStringIncludes(read[i], `"customer_id":"4600000000000012345"`);
    assertStringIncludes(read[i], `,"amount":1.50,"timestamp":"2026-01-02T03:04:05.000Z",${text},"topic":`);
    assertEquals([rows[i].extra_fields, rows[i].transaction_id, rows[i].amount], [
      `{${text}}`,
      "12345678901234567890",
      1.5,
    ]);
  });
});

import { decodeBody, encodeBody } from "../../broker/record_batch.ts";
import type { Manifest } from "../../forest/manifest.ts";
import { outcomeOf } from "../../ledger/testing/outcomes.ts";
import { assertEquals } from "../../testing/assert.ts";
import { LiveNumbers } from "./live_numbers.ts";

Deno.test("LiveNumbers leaves records without a time of their own out of its latencies", () => {
  const nowMs = Date.UTC(2026, 0, 2);
  const live = new LiveNumbers({ features: [], threshold: 0.5 } as unknown as Manifest, () => nowMs);
  const times = [nowMs - 40, 0, -1, 1.7e18, -(2 ** 63), 2 ** 63, nowMs - 40, nowMs / 1000];
  const records = times.map((timestampMs) => ({ key: null, value: "", timestampMs }));
  const batch = decodeBody("t", 0, 0, encodeBody(records, 0));
  const features = { raw: new Float32Array(), rows: new Float32Array() };
  live.scored({ batch, count: 0, eventTimeMs: new Float64Array(), scores: new Float64Array(), features });
  live.committed(outcomeOf("t", [0, times.length], 1));
  live.look();
  const { p50_ms, p99_ms } = live.now();
  assertEquals([Math.round(p50_ms! / 10), Math.round(p99_ms! / 10)], [4, 4]);
});

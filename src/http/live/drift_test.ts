import { assert, assertEquals } from "../../testing/assert.ts";
import { driftOf } from "./drift.ts";

const FADING = {
  name: "terminal_label_ewma",
  min: 0,
  max: 1,
  mean: 0.01,
  quantiles: { p1: 0, p50: 0, p75: 0, p90: 1.9e-6, p95: 0.004, p99: 0.25, "p99.5": 0.4 },
};

/** 1,000 values as in the training, but for those between p75 and p90, which are all the same. */
function fading(small: number): Float32Array {
  return Float32Array.from({ length: 1000 }, (_, i) => {
    if (i < 750) return 0;
    if (i < 900) return small;
    if (i < 950) return 0.003;
    return i < 990 ? 0.1 : i < 995 ? 0.3 : 0.5;
  });
}

Deno.test("driftOf() sees no drift in what is near 0 in one way or another", () => {
  for (const small of [1e-9, 1e-6, 1e-5, 1e-4]) {
    const { psi } = driftOf(FADING, fading(small));
    assert(psi! < 0.01, `${psi} with ${small}`);
  }
});

/** Values of which a share is 0, the rest even from 0 to 1. */
const partlyZero = (zeros: number) =>
  Float32Array.from({ length: 1000 }, (_, i) => Math.max(0, (i / 1000 - zeros) / (1 - zeros)));

Deno.test("driftOf() knows that as many values may be 0 as the training's quantiles leave open", () => {
  const at = (share: number) => Math.max(0, (share - 0.15) / 0.85);
  const quantiles = {
    p1: 0,
    p5: 0,
    p25: at(0.25),
    p50: at(0.5),
    p75: at(0.75),
    p95: at(0.95),
    p99: at(0.99),
  };
  const training = { name: "csusp14", min: 0, max: 1, mean: 0.4, quantiles };
  assert(driftOf(training, partlyZero(0.15)).psi! < 0.01);
  assert(driftOf(training, partlyZero(0.5)).psi! > 0.25);
});

Deno.test("driftOf() sees what moves from one bin to another, and knows nothing of few values", () => {
  assert(driftOf(FADING, fading(0.2)).psi! > 0.25);
  const { psi, now } = driftOf(FADING, fading(0.2).slice(-100));
  assertEquals([psi, now.p50 > 0], [null, true]);
});

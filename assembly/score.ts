// Path-length sums of a batch to anomaly scores.
import { HEADER, NORMALISER, SCORES } from "./layout";

/** Turns the path-length sums of `count` rows into 2^(−sum / (trees × c(maxSamples))), or 0.5 where that is 0 / 0. */
export function sumsToScores(count: u32): void {
  const normaliser = load<f64>(HEADER, NORMALISER);
  let at: usize = load<u32>(HEADER, SCORES);
  for (const end = at + (<usize>count << 3); at < end; at += 8) {
    store<f64>(at, normaliser == 0 ? 0.5 : Math.pow(2, -(load<f64>(at) / normaliser)));
  }
}

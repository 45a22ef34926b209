import type { ConsumerStatus } from "../../consumer/status.ts";
import { isRecordTime } from "../../domain/time.ts";
import type { Manifest } from "../../forest/manifest.ts";
import type { Outcome } from "../../ledger/ledger.ts";
import type { ScoredBatch } from "../../pipeline/pipeline.ts";
import type { FeatureDrift, Now, Status } from "../routes/answers.ts";
import { driftOf } from "./drift.ts";
import { LatencyHistogram } from "./latency_histogram.ts";

const STEP_S = 2;
const STEPS = 300;
const STEPS_OF_NOW = 5;
const SCORE_BINS = 50;
/** Share of the score counts that a step keeps: half is gone after 10 minutes. */
const KEPT = 0.5 ** (STEP_S / 600);
/** Size of the sample of feature rows, and most rows from one batch. */
const SAMPLE_ROWS = 2048;
const SAMPLE_OF_BATCH = 64;
const DRIFT_EVERY_MS = 5000;

/** Rates, latencies, scores and features of recent minutes, in bounded memory. */
export class LiveNumbers {
  /** From produced to committed, since the start. */
  readonly latency: LatencyHistogram = new LatencyHistogram();
  /** From the start of a batch to its commit, since the start. */
  readonly batchTimes: LatencyHistogram = new LatencyHistogram();
  /** Records, flagged ones and dead letters since the start. */
  readonly totals = { records: 0, flagged: 0, deadLetters: 0, passed: 0 };
  readonly #manifest: Manifest;
  readonly #nowMs: () => number;
  readonly #scores = new Float64Array(SCORE_BINS);
  readonly #allScores = new Float64Array(SCORE_BINS);
  #scoreSum = 0;
  readonly #sample: Float32Array;
  #sampled = 0;
  #drift: { atMs: number; features: FeatureDrift[] } = { atMs: -Infinity, features: [] };
  /** Times of production of the records that wait for their commit. */
  readonly #waiting = new Map<number, Waiting[]>();
  readonly #steps: Step[] = [];
  readonly #step = { records: 0, flagged: 0, latency: new LatencyHistogram() };
  #status: ConsumerStatus | undefined;
  #statusAtMs: number;
  #eventTimeMs: number | undefined;

  constructor(manifest: Manifest, nowMs: () => number = Date.now) {
    this.#manifest = manifest;
    this.#nowMs = nowMs;
    this.#statusAtMs = nowMs();
    this.#sample = new Float32Array(SAMPLE_ROWS * manifest.features.length);
  }

  /** Time between two calls of `look`. */
  static readonly stepMs: number = STEP_S * 1000;

  get status(): ConsumerStatus | undefined {
    return this.#status;
  }

  /** Time since the last status of the consumer, or since the start. */
  get statusAgeMs(): number {
    return this.#nowMs() - this.#statusAtMs;
  }

  /** Time of the newest event of the last batch, milliseconds since 1970; undefined before the first. */
  get eventTimeMs(): number | undefined {
    return this.#eventTimeMs;
  }

  /** Counts a scored batch of the stream; its commit follows. */
  scored({ batch, ...scored }: ScoredBatch): void {
    this.#add(scored);
    const waiting = this.#waiting.get(batch.partition) ?? [];
    const { nextOffset, count, timestampMs: producedAtMs } = batch;
    waiting.push({ nextOffset, count, producedAtMs, scoredAtMs: this.#nowMs() });
    this.#waiting.set(batch.partition, waiting);
  }

  /** Counts transactions that were scored for a caller: they have no place in a stream, and no commit follows. */
  answered(scored: Omit<ScoredBatch, "batch">): void {
    this.#add(scored);
    const { count, scores } = scored;
    this.#step.records += count;
    this.totals.records += count;
    for (let i = 0; i < count; i++) if (scores[i] > this.#manifest.threshold) this.#flag(1);
  }

  #add({ count, eventTimeMs, scores, features }: Omit<ScoredBatch, "batch">): void {
    if (count > 0) {
      this.#eventTimeMs = -Infinity;
      for (let i = 0; i < count; i++) this.#eventTimeMs = Math.max(this.#eventTimeMs, eventTimeMs[i]);
    }
    const bins = this.#scores;
    for (let i = 0; i < count; i++) {
      const bin = Math.min(SCORE_BINS - 1, scores[i] * SCORE_BINS | 0);
      bins[bin]++;
      this.#allScores[bin]++;
      this.#scoreSum += scores[i];
    }
    const nFeatures = this.#nFeatures;
    const taken = Math.min(count, SAMPLE_OF_BATCH);
    for (let i = 0; i < taken; i++) {
      const row = Math.floor(i * count / taken) * nFeatures;
      this.#sample.set(
        features.raw.subarray(row, row + nFeatures),
        this.#sampled++ % SAMPLE_ROWS * nFeatures,
      );
    }
  }

  /** Counts a commit. */
  committed(outcome: Outcome, batchMs?: number): void {
    const records = outcome.scored + outcome.deadLetters.length + outcome.passed;
    this.#step.records += records;
    this.totals.records += records;
    this.totals.deadLetters += outcome.deadLetters.length;
    this.totals.passed += outcome.passed;
    this.#flag(outcome.flagged.length);
    if (batchMs !== undefined) this.batchTimes.add(batchMs);
    const waiting = this.#waiting.get(outcome.partition) ?? [];
    const now = this.#nowMs();
    while (waiting.length > 0 && waiting[0].nextOffset <= outcome.nextOffset) {
      const { count, producedAtMs, scoredAtMs } = waiting.shift()!;
      // A record of the future waited since it was scored at least.
      for (let i = 0; i < count; i++) {
        if (isRecordTime(producedAtMs[i])) {
          this.#step.latency.add(now - Math.min(producedAtMs[i], scoredAtMs));
        }
      }
    }
  }

  /** Forgets the records that wait in a partition that is no longer owned. */
  forget(partition: number): void {
    this.#waiting.delete(partition);
  }

  /** Ends a step; called every `stepMs`. */
  look(status?: ConsumerStatus): void {
    this.#status = status;
    this.#statusAtMs = this.#nowMs();
    const { records, flagged, latency } = this.#step;
    const kept = new LatencyHistogram();
    kept.addAll(latency);
    this.latency.addAll(latency);
    this.#steps.push({
      t: Math.round(this.#nowMs() / 1000),
      recordsPerS: records / STEP_S,
      flagged,
      latency: kept,
      p50: latency.quantile(0.5),
      p99: latency.quantile(0.99),
      lag: status?.lag.reduce((sum, { records }) => sum + records, 0) ?? 0,
    });
    if (this.#steps.length > STEPS) this.#steps.shift();
    const old = this.#steps.at(-STEPS_OF_NOW - 1);
    if (old !== undefined) old.latency = undefined;
    for (let i = 0; i < SCORE_BINS; i++) this.#scores[i] *= KEPT;
    latency.clear();
    this.#step.records = this.#step.flagged = 0;
  }

  /** The numbers of the last steps. */
  now(): Omit<Now, "problems" | "states"> {
    const recent = new LatencyHistogram();
    for (const { latency } of this.#steps.slice(-STEPS_OF_NOW)) if (latency) recent.addAll(latency);
    return {
      records_per_s: this.#steps.at(-1)?.recordsPerS ?? 0,
      lag: this.#status?.lag ?? [],
      p50_ms: recent.quantile(0.5),
      p99_ms: recent.quantile(0.99),
      flagged_per_min: this.#steps.slice(-60 / STEP_S).reduce((sum, { flagged }) => sum + flagged, 0),
      dead_letters: this.totals.deadLetters,
      healthy: this.#status?.healthy ?? true,
    };
  }

  /** The last 10 minutes. */
  history(): Status["history"] {
    const steps = this.#steps;
    return {
      step_s: STEP_S,
      t: steps.map(({ t }) => t),
      records_per_s: steps.map(({ recordsPerS }) => recordsPerS),
      lag: steps.map(({ lag }) => lag),
      p50_ms: steps.map(({ p50 }) => p50),
      p99_ms: steps.map(({ p99 }) => p99),
      flagged: steps.map(({ flagged }) => flagged),
    };
  }

  /** Recent scores, newer ones with more weight: edges of the bins from 0 to 1, and their counts. */
  scores(): { edges: number[]; counts: number[] } {
    return {
      edges: Array.from({ length: SCORE_BINS + 1 }, (_, i) => i / SCORE_BINS),
      counts: [...this.#scores],
    };
  }

  /** Scores since the start: how many are below each bound. */
  scoreHistogram(): { buckets: [number, number][]; count: number; sum: number } {
    let count = 0;
    const buckets = Array.from(
      this.#allScores,
      (n, i): [number, number] => [(i + 1) / SCORE_BINS, count += n],
    );
    return { buckets, count, sum: this.#scoreSum };
  }

  /** Compares a sample of recent transactions with the training; computed every 5 s at most. */
  drift(): FeatureDrift[] {
    const { training } = this.#manifest;
    if (training === undefined || this.#nowMs() - this.#drift.atMs < DRIFT_EVERY_MS) {
      return this.#drift.features;
    }
    const rows = Math.min(this.#sampled, SAMPLE_ROWS);
    const features = training.features.map((summary, column) => {
      const values = Float32Array.from(
        { length: rows },
        (_, row) => this.#sample[row * this.#nFeatures + column],
      );
      return driftOf(summary, values);
    });
    this.#drift = { atMs: this.#nowMs(), features };
    return features;
  }

  get #nFeatures(): number {
    return this.#manifest.features.length;
  }

  #flag(count: number): void {
    this.#step.flagged += count;
    this.totals.flagged += count;
  }
}

/** Records of a batch that wait for their commit. */
interface Waiting {
  nextOffset: number;
  count: number;
  producedAtMs: Float64Array;
  scoredAtMs: number;
}

interface Step {
  t: number;
  recordsPerS: number;
  flagged: number;
  /** Only in the last few steps. */
  latency: LatencyHistogram | undefined;
  p50: number | null;
  p99: number | null;
  lag: number;
}

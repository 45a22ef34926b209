import { builtModule } from "../../runtime/wasm_module.ts";
import { checkForest } from "../check.ts";
import type { Forest } from "../forest.ts";
import { fillMemory, type ScorerMemory } from "./memory.ts";

/** Scores rows against one forest; it owns one WebAssembly instance, so two forests can be live side by side. */
export interface Scorer {
  /** Number of columns of a row. */
  readonly nFeatures: number;
  /**
   * The module's own rows, length capacity × nFeatures, row-major: what is written here is scored without a copy by
   * `score(scorer.rows, count)`. Any call of `score` with other rows overwrites it.
   */
  readonly rows: Float32Array;
  /**
   * Scores rows, as `referenceScore` does and to 1e-12 of it.
   *
   * @param rows Values, row-major, length at least count × nFeatures; ±infinity is allowed.
   * @param count Number of rows; all of `rows` by default.
   * @param out Where to put the scores, length at least count; a new array by default.
   * @returns Scores in (0, 1], one a row, higher is more anomalous; `out` if it was given.
   * @throws RangeError for a NaN, which names row and column and leaves `out` unfinished, and for a wrong length;
   * TypeError if the scorer is disposed.
   */
  score(rows: Float32Array, count?: number, out?: Float64Array): Float64Array;
  /** Lets go of the instance's memory. */
  [Symbol.dispose](): void;
}

/** What `createScorer` takes besides the forest. */
export interface ScorerOptions {
  /** Bytes of the module; `build/edgewood.wasm` of the project by default. */
  wasm?: BufferSource;
}

/** What the module exports, see `assembly/index.ts`. */
interface ScorerModule {
  memory: WebAssembly.Memory;
  score(count: number): number;
}

const MAX_ROWS = 1024;
const MOST_BY_THEMSELVES = 32;

/**
 * Checks a forest and loads it into a WebAssembly instance of its own.
 *
 * @param forest Trees to score with; they are copied.
 * @param options Where the module comes from.
 * @returns A scorer for rows of `forest.nFeatures` columns.
 * @throws RangeError if `checkForest` refuses the forest; Error if the module is not built.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { createScorer } from "./scorer.ts";
 *
 * using scorer = await createScorer({
 *   nFeatures: 1,
 *   maxSamples: 2,
 *   treeStart: Int32Array.of(0, 3),
 *   feature: Int32Array.of(0, -1, -1),
 *   threshold: Float64Array.of(0.5, 0, 0),
 *   left: Int32Array.of(1, -1, -1),
 *   right: Int32Array.of(2, -1, -1),
 *   nSamples: Int32Array.of(2, 1, 1),
 * });
 * assertEquals(scorer.score(Float32Array.of(0.25, 0.75)), Float64Array.of(0.5, 0.5));
 * ```
 */
export async function createScorer(forest: Forest, options: ScorerOptions = {}): Promise<Scorer> {
  checkForest(forest);
  const module = options.wasm ? await WebAssembly.compile(options.wasm) : await builtModule();
  const instance = await WebAssembly.instantiate(module);
  return openScorer(forest, instance.exports as unknown as ScorerModule);
}

function openScorer(forest: Forest, module: ScorerModule): Scorer {
  const { nFeatures } = forest;
  let opened: ScorerMemory | undefined = fillMemory(module.memory, forest, MAX_ROWS);

  function memory(): ScorerMemory {
    if (!opened) throw new TypeError("Cannot score as the scorer must be open: current value is disposed");
    return opened;
  }

  function scoreChunk(rows: Float32Array, firstRow: number, count: number, out: Float64Array): void {
    const { rows: moduleRows, scores } = memory();
    const first = firstRow * nFeatures;
    if (rows.buffer !== moduleRows.buffer || rows.byteOffset !== moduleRows.byteOffset || first > 0) {
      copyValues(rows, first, count * nFeatures, moduleRows);
    }
    const nan = module.score(count);
    if (nan >= 0) {
      const row = firstRow + Math.floor(nan / nFeatures);
      throw new RangeError(
        `Cannot score the rows as row ${row}, column ${
          nan % nFeatures
        } must be a number: current value is NaN`,
      );
    }
    copyScores(scores, count, out, firstRow);
  }

  return {
    nFeatures,
    get rows() {
      return memory().rows;
    },
    score(rows, count = wholeRows(rows, nFeatures), given?: Float64Array) {
      memory();
      checkLengths(rows, count, nFeatures, given);
      const out = given ?? new Float64Array(count);
      for (let row = 0; row < count; row += MAX_ROWS) {
        scoreChunk(rows, row, Math.min(MAX_ROWS, count - row), out);
      }
      return out;
    },
    [Symbol.dispose]() {
      opened = undefined;
    },
  };
}

/** Copies values: few of them by themselves, since to make a view costs more. */
function copyValues(from: Float32Array, first: number, count: number, to: Float32Array): void {
  if (count <= MOST_BY_THEMSELVES) { for (let i = 0; i < count; i++) to[i] = from[first + i]; }
  else to.set(first === 0 && count === from.length ? from : from.subarray(first, first + count));
}

/** Copies scores likewise. */
function copyScores(from: Float64Array, count: number, to: Float64Array, at: number): void {
  if (count <= MOST_BY_THEMSELVES) { for (let i = 0; i < count; i++) to[at + i] = from[i]; }
  else to.set(count === from.length ? from : from.subarray(0, count), at);
}

function wholeRows(rows: Float32Array, nFeatures: number): number {
  if (rows.length % nFeatures === 0) return rows.length / nFeatures;
  throw new RangeError(
    `Cannot score the rows as they must hold a multiple of ${nFeatures} values: current value is ${rows.length}`,
  );
}

function checkLengths(rows: Float32Array, count: number, nFeatures: number, out?: Float64Array): void {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new RangeError(
      `Cannot score the rows as count must be an integer of at least 0: current value is ${count}`,
    );
  }
  if (rows.length < count * nFeatures) {
    throw new RangeError(
      `Cannot score the rows as ${count} rows of ${nFeatures} columns must have ${
        count * nFeatures
      } values: ` +
        `current value is ${rows.length}`,
    );
  }
  if (out && out.length < count) {
    throw new RangeError(
      `Cannot score the rows as out must have ${count} places: current value is ${out.length}`,
    );
  }
}

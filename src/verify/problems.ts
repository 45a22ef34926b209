/** Problems of one kind. */
export interface ProblemSummary {
  kind: string;
  /** Number of problems of this kind, at least 1. */
  count: number;
  /** The first ones in words. */
  examples: string[];
}

const EXAMPLES = 5;

/**
 * Problems as they are found: all are counted, the first of each kind are kept in words.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { Problems } from "./problems.ts";
 *
 * const problems = new Problems();
 * problems.add("missing", "offset 7 is not in the log");
 * assertEquals(problems.summary()[0].count, 1);
 * ```
 */
export class Problems {
  readonly #kinds = new Map<string, ProblemSummary>();

  /** Adds a problem. */
  add(kind: string, message: string, count = 1): void {
    const known = this.#kinds.get(kind) ?? { kind, count: 0, examples: [] };
    known.count += count;
    if (known.examples.length < EXAMPLES) known.examples.push(message);
    this.#kinds.set(kind, known);
  }

  /** All kinds, in the order in which they were found first. */
  summary(): ProblemSummary[] {
    return [...this.#kinds.values()];
  }
}

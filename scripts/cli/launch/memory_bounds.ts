import { namedBy } from "./named_by.ts";

/** By how much the heap may grow before it is looked through, by how many things make it heavy, in percent. */
const GROWTH_PERCENT = [100, 50, 12];

/** GNU's allocator gives a buffer of this size and more back to the system once it is freed. */
const BUFFERS_GIVEN_BACK = { MALLOC_MMAP_THRESHOLD_: String(2 ** 20) };
/** It keeps the answers of Kafka, for the next ones. */
const BUFFERS_KEPT = { MALLOC_MMAP_THRESHOLD_: String(2 ** 22), MALLOC_TRIM_THRESHOLD_: String(2 ** 28) };

/** How a process that runs for long is started so that its memory stays near what it uses. */
export interface MemoryBounds {
  /** Flags for `deno run`. */
  flags: readonly string[];
  env: Readonly<Record<string, string>>;
}

/**
 * Bounds for `consume`, measured over Kafka with four partitions and 600,000 records: 365 MB resident where it was 420.
 *
 * V8's young generation is kept small, since what a batch leaves behind dies with it (66 MB of heap in the place of 105). Over Kafka it is half of that again: as little garbage comes of a record, dead
 * pieces of answers waited long for the next look at it. 322 to 331 MB in the place of 331 to 339 with kafkajs, 329 to 342 in the place of 349 to 356 with platformatic, 335 to 340 in the
 * place of 344 to 348 with every transaction logged, at the same rates within the noise (two and three interleaved runs). GNU's
 * allocator would learn from the first large buffer that is freed to keep such buffers for itself; with a fixed threshold it
 * gives them back (60 MB in the place of 110). Elsewhere the names mean nothing. Where little else passes through the process, kafkajs with
 * flagged ones logged, answers of up to 4 MiB are kept for the next ones: each page of a new one costs a fault and is zeroed first, 5% of the main thread
 * by `perf`. There 418,000 to 475,000 records/s came of it in the place of 406,000 to 423,000, at the same 332 to 337 MB (interleaved, 3 runs each and more).
 * With platformatic it was 10 to 20 MB more, with every transaction logged 6 to 20.
 *
 * What dead buffers held is freed when they are found dead, unless there are requests that would wait for it. By itself V8 leaves that to a thread of its own, which comes late
 * where the processors are busy, while new buffers take new memory. With 3,000,000 records, interleaved, kafkajs held 340 MB in the
 * place of 353 and platformatic 363 in the place of 375 (medians of 4 and 5 runs), with every transaction logged 363 in the
 * place of 379 and 375 in the place of 400 (a run each), at the same rates within the noise.
 *
 * The heap may double before old objects are looked through. By itself V8 lets a small heap of little garbage grow by a tenth,
 * and so looked through it up to three times a second, for 15 ms each: with 200 requests a second p99 was 4.9 ms, and is 2.3.
 * With 500,000 records at full speed peak memory was the same. Over Kafka, where nobody waits for answers and more passes through the heap, by
 * rows of every transaction or by platformatic's pieces of an answer, it may grow by a half: 340 MB in the place of 351 with kafkajs
 * and every transaction logged, and 342 to 345 of 354 to 366 with platformatic where flagged ones are, which there costs some 7% of the
 * rate (one or two runs each). Where both is so it may grow by an eighth: 340 to 347 MB (4 runs) in the place of 353 to 355 (2 runs with a half)
 * and 380, at 96,000 to 109,000 records/s in the place of 101,000 and 0.5 µs of processor time a record more.
 *
 * @param args Arguments of the command.
 * @param read Reads a name of the environment.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../../src/testing/assert.ts";
 * import { memoryBounds } from "./memory_bounds.ts";
 *
 * assertEquals(memoryBounds("produce"), { flags: [], env: {} });
 * ```
 */
export function memoryBounds(
  command: string,
  args: readonly string[] = [],
  read: (name: string) => string | undefined = () => undefined,
): MemoryBounds {
  if (command !== "consume") return { flags: [], env: {} };
  const valueOf = (option: string) => namedBy([option], args).at(-1);
  const isAsked = valueOf("--http") !== undefined;
  const isOverKafka = (valueOf("--stream") ?? read("STREAM_URL"))?.startsWith("kafka:");
  const isFastest = isOverKafka && !isAsked;
  const heavy =
    [(valueOf("--log") ?? "all") === "all", read("KAFKA_CLIENT") === "platformatic"].filter(Boolean).length;
  const growthPercent = GROWTH_PERCENT[isFastest ? heavy : 0];
  const v8Flags = [
    `--max-semi-space-size=${isFastest ? 4 : 8}`,
    `--heap-growing-percent=${growthPercent}`,
    ...isAsked ? [] : ["--no-concurrent-array-buffer-sweeping"],
  ];
  return {
    flags: [`--v8-flags=${v8Flags.join(",")}`],
    env: { MALLOC_ARENA_MAX: "2", ...isFastest && heavy === 0 ? BUFFERS_KEPT : BUFFERS_GIVEN_BACK },
  };
}

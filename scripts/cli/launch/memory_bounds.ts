import { namedBy } from "./named_by.ts";

/** Growth of the heap that starts a collection, percent, by how many settings make it heavy. */
const GROWTH_PERCENT = [100, 50, 12];

/** GNU's allocator returns a freed buffer of this size or more to the system. */
const BUFFERS_GIVEN_BACK = { MALLOC_MMAP_THRESHOLD_: String(2 ** 20) };
/** It keeps Kafka's answers for the next ones. */
const BUFFERS_KEPT = { MALLOC_MMAP_THRESHOLD_: String(2 ** 22), MALLOC_TRIM_THRESHOLD_: String(2 ** 28) };

/** How a long-running process is started so that its memory stays near what it uses. */
export interface MemoryBounds {
  /** Flags for `deno run`. */
  flags: readonly string[];
  env: Readonly<Record<string, string>>;
}

/**
 * Flags and environment that keep the memory of `consume` near what it uses.
 *
 * V8's young generation is small, since what a batch leaves behind dies with it; over Kafka it is smaller still, since
 * there is little garbage a record and dead pieces of answers would wait long for the next collection. Dead buffers are
 * freed by the thread that finds them dead, unless requests would wait for it: V8's own thread comes late on busy cores.
 *
 * The heap may double before old objects are collected. V8's default of a tenth made requests wait for frequent
 * collections. Over Kafka, rows of every transaction and platformatic's pieces of answers each lower that bound.
 *
 * GNU's allocator learns from the first large buffer that is freed to keep such buffers; a fixed threshold makes it return
 * them. Where kafkajs reads and flagged ones alone are logged, answers are kept for the next ones, which saves page faults.
 * The page on the benchmark `pipeline` in `.github/docs/measured/` has the figures.
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

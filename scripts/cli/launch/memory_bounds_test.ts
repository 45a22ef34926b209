import { assertEquals } from "../../../src/testing/assert.ts";
import { memoryBounds } from "./memory_bounds.ts";

/** By how much the heap may grow, in percent. */
function growthOf(args: readonly string[], client?: string, stream = "kafka://localhost:9092"): number {
  const settings: Record<string, string | undefined> = { KAFKA_CLIENT: client, STREAM_URL: stream };
  const { flags } = memoryBounds("consume", args, (name) => settings[name]);
  return Number(/--heap-growing-percent=(\d+)/.exec(flags.join(" "))![1]);
}

Deno.test("memoryBounds() lets the heap grow less where more passes through it and nobody waits for answers", () => {
  const small = growthOf([]);
  const least = growthOf([], "platformatic");
  assertEquals([least < small, small < 100], [true, true]);
  assertEquals(growthOf(["--log", "flagged"]), 100);
  assertEquals(growthOf(["--log=flagged"], "kafkajs"), 100);
  assertEquals(growthOf(["--log=none"]), 100);
  assertEquals(growthOf(["--log", "flagged"], "platformatic"), small);
  assertEquals(growthOf(["--log", "flagged", "--log=all"]), small);
  assertEquals(growthOf(["--log", "all", "--http", "127.0.0.1:8080"]), 100);
  assertEquals(growthOf(["--http=127.0.0.1:8080"], "platformatic"), 100);
  assertEquals(growthOf([], undefined, "sqlite:stream.db"), 100);
  assertEquals(growthOf(["--stream", "kafka://localhost:9092"], undefined, "sqlite:stream.db"), small);
});

Deno.test("memoryBounds() leaves freed buffers to V8's thread where there are requests", () => {
  const frees = (args: readonly string[]) =>
    memoryBounds("consume", args).flags[0].includes("no-concurrent-array-buffer-sweeping");
  assertEquals([frees([]), frees(["--http", "127.0.0.1:8080"])], [true, false]);
});

Deno.test("memoryBounds() keeps answers of Kafka for the next ones where little else passes through the process", () => {
  const boundsOf = (stream: string, args: readonly string[], client?: string) =>
    memoryBounds(
      "consume",
      ["--stream", stream, ...args],
      (name) => name === "KAFKA_CLIENT" ? client : undefined,
    );
  const keeps = (...of: Parameters<typeof boundsOf>) => "MALLOC_TRIM_THRESHOLD_" in boundsOf(...of).env;
  const kafka = "kafka://localhost:9092";
  assertEquals([keeps(kafka, ["--log", "flagged"]), keeps(kafka, ["--log", "none"])], [true, true]);
  assertEquals([keeps(kafka, []), keeps(kafka, ["--log", "flagged"], "platformatic")], [false, false]);
  const asked = ["--log", "flagged", "--http", "127.0.0.1:8080"];
  assertEquals([keeps(kafka, asked), keeps("sqlite:stream.db", ["--log", "flagged"])], [false, false]);
  const young = (...of: Parameters<typeof boundsOf>) =>
    Number(/--max-semi-space-size=(\d+)/.exec(boundsOf(...of).flags[0])![1]);
  assertEquals(young(kafka, []) < young(kafka, asked), true);
});

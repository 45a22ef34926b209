import { assert, assertEquals, assertThrows } from "../../../testing/assert.ts";
import type { RecordBatch } from "../../broker.ts";
import { keyOf, valueOf } from "../../record_batch.ts";
import { compress } from "./codecs.ts";
import { RecordSet, type RecordSetSource } from "./record_set.ts";

/** What a batch of Kafka's holds, as its producers write it. */
interface Written {
  baseOffset: number;
  /** Offset deltas; values say which. */
  deltas: number[];
  lastDelta?: number;
  codec?: number;
  flags?: number;
  producerId?: number;
  timeDelta?: number;
  maxTime?: number;
  key?: Uint8Array | null;
  value?(offset: number): Uint8Array | null;
  headers?: [string, string | null][];
}

const encoder = new TextEncoder();
const text = (bytes: Uint8Array | null) => bytes === null ? null : new TextDecoder().decode(bytes);
const TIME = 1_700_000_000_123;

function varint(value: number | bigint): number[] {
  let rest = BigInt(value) >= 0n ? BigInt(value) * 2n : BigInt(value) * -2n - 1n;
  const bytes: number[] = [];
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}

const field = (bytes: Uint8Array | null) => bytes === null ? varint(-1) : [...varint(bytes.length), ...bytes];

function write(batch: Written): Uint8Array {
  const { baseOffset, deltas, codec = 0, flags = 0, headers = [], key = null } = batch;
  const records = deltas.flatMap((delta) => {
    const value = batch.value === undefined
      ? encoder.encode(`v${baseOffset + delta}`)
      : batch.value(baseOffset + delta);
    const body = [0, ...varint(batch.timeDelta ?? delta), ...varint(delta), ...field(key), ...field(value)];
    body.push(...varint(headers.length));
    for (const [name, content] of headers) {
      body.push(...field(encoder.encode(name)), ...field(content === null ? null : encoder.encode(content)));
    }
    return [...varint(body.length), ...body];
  });
  const folded = compress(codec, new Uint8Array(records));
  const bytes = new Uint8Array(61 + folded.length);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, BigInt(baseOffset));
  view.setInt32(8, bytes.length - 12);
  view.setInt8(16, 2);
  view.setInt16(21, codec | flags);
  view.setInt32(23, batch.lastDelta ?? Math.max(0, ...deltas));
  view.setBigInt64(27, BigInt(TIME));
  view.setBigInt64(35, BigInt(batch.maxTime ?? TIME));
  view.setBigInt64(43, BigInt(batch.producerId ?? -1));
  view.setInt32(57, deltas.length);
  bytes.set(folded, 61);
  return bytes;
}

const CONTROL = 0x20, TRANSACTIONAL = 0x10, APPENDED = 0x08;
const marker = (baseOffset: number, producerId: number, type: number) =>
  write({
    baseOffset,
    deltas: [0],
    flags: CONTROL | TRANSACTIONAL,
    producerId,
    key: new Uint8Array([0, 0, 0, type]),
  });

const join = (...parts: Uint8Array[]) => new Uint8Array(parts.flatMap((part) => [...part]));
const setOf = (bytes: Uint8Array, source: Partial<RecordSetSource> = {}) =>
  new RecordSet(bytes, { topic: "t", partition: 3, fromOffset: 0, ...source });

function all(set: RecordSet, maxRecords = 4096): { offsets: number[]; batches: RecordBatch[] } {
  const batches: RecordBatch[] = [];
  for (let batch = set.next(maxRecords); batch; batch = set.next(maxRecords)) {
    for (let i = 0; i < batch.count; i++) assertEquals(text(valueOf(batch, i)), `v${batch.offsets[i]}`);
    assert(batch.count > 0 && batch.count <= maxRecords);
    batches.push(batch);
  }
  return { offsets: batches.flatMap(({ offsets }) => [...offsets]), batches };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const plain = (from: number, to: number, codec = 0) =>
  write({ baseOffset: from, deltas: range(0, to - from), codec });

Deno.test("RecordSet reads every record once, whatever the codecs and the size of the pieces", () => {
  const bytes = join(
    plain(0, 5),
    plain(5, 12, 1),
    plain(12, 13, 2),
    plain(13, 40, 3),
    plain(40, 41),
    plain(41, 60, 4),
  );
  for (const maxRecords of [1, 2, 3, 7, 16, 64]) {
    const { offsets, batches } = all(setOf(bytes), maxRecords);
    assertEquals(offsets, range(0, 60));
    assertEquals(batches.at(-1)!.nextOffset, 60);
    let next = 0;
    for (const batch of batches) {
      assertEquals(batch.offsets[0], next);
      next = batch.nextOffset;
    }
  }
  assertEquals(all(setOf(bytes)).batches.length, 1);
  assertEquals(setOf(bytes).endOffset(), 60);
});

Deno.test("RecordSet copies nothing that is not compressed", () => {
  const bytes = plain(0, 9);
  assertEquals(setOf(bytes).next(100)!.bytes.buffer === bytes.buffer, true);
});

Deno.test("RecordSet starts and ends inside batches", () => {
  const bytes = join(plain(0, 10), plain(10, 20, 4), plain(20, 30));
  for (const [from, to] of [[0, 30], [3, 4], [9, 11], [10, 20], [15, 25], [29, 30], [12, 12]]) {
    const set = setOf(bytes, { fromOffset: from, toOffset: to });
    assertEquals(all(set, 4).offsets, range(from, to));
    assertEquals(set.nextOffset, to);
  }
});

Deno.test("RecordSet leaves out the cut-off end and passes gaps, emptied batches and markers", () => {
  const gap = write({ baseOffset: 10, deltas: [2, 5], lastDelta: 9 });
  const emptied = write({ baseOffset: 20, deltas: [], lastDelta: 4, producerId: 7 });
  const bytes = join(plain(0, 10), gap, emptied, marker(25, 1, 1));
  const set = setOf(join(bytes, plain(26, 36).subarray(0, 70)));
  assertEquals(set.endOffset(), 26);
  const { offsets, batches } = all(set);
  assertEquals(offsets, [...range(0, 10), 12, 15]);
  assertEquals([batches.at(-1)!.nextOffset, set.nextOffset], [26, 26]);
  // Nothing to show, and yet a way to go on.
  const hidden = setOf(join(emptied, marker(25, 1, 1)), { fromOffset: 20 });
  assertEquals([all(hidden).offsets, hidden.nextOffset], [[], 26]);
  assertEquals([setOf(plain(0, 4).subarray(0, 50)).endOffset(), setOf(new Uint8Array()).endOffset()], [
    undefined,
    undefined,
  ]);
});

Deno.test("RecordSet.isRead says that no record is left as soon as the last one was given", () => {
  const batches = [write({ baseOffset: 0, deltas: [0, 1, 2] }), marker(3, 1, 1)];
  const set = new RecordSet(Uint8Array.from(batches.flatMap((bytes) => [...bytes])), {
    topic: "t",
    partition: 0,
    fromOffset: 0,
  });
  assertEquals([set.isRead, set.next(2)?.count], [false, 2]);
  assertEquals([set.isRead, set.next(2)?.count], [false, 1]);
  assertEquals([set.isRead, set.nextOffset, set.next(2)], [true, 4, undefined]);
});

Deno.test("RecordSet leaves out transactions that were taken back, and only those", () => {
  const of = (from: number, to: number, producerId: number) =>
    write({ baseOffset: from, deltas: range(0, to - from), flags: TRANSACTIONAL, producerId });
  const bytes = join(
    of(0, 3, 1), // kept
    of(3, 5, 2), // taken back
    plain(5, 6),
    marker(6, 2, 0),
    of(7, 9, 2), // the same producer again, kept
    marker(9, 1, 1),
    of(10, 12, 1), // taken back
    marker(12, 2, 1),
    marker(13, 1, 0),
    plain(14, 15),
  );
  const aborted = [{ producerId: 1n, firstOffset: 10 }, { producerId: 2n, firstOffset: 3 }];
  for (const maxRecords of [1, 100]) {
    assertEquals(all(setOf(bytes, { aborted }), maxRecords).offsets, [0, 1, 2, 5, 7, 8, 14]);
  }
});

Deno.test("RecordSet reads null keys and values, headers and both kinds of time", () => {
  const headers: [string, string | null][] = [
    ["reason", "ü"],
    ["empty", ""],
    ["none", null],
    ["twice", "1"],
    ["twice", "2"],
  ];
  const bytes = join(
    write({ baseOffset: 0, deltas: [0], value: () => null, timeDelta: -1000 }),
    write({ baseOffset: 1, deltas: [0], headers, key: encoder.encode("k"), timeDelta: 2 ** 40 }),
    write({ baseOffset: 2, deltas: [0], flags: APPENDED, maxTime: 5, key: new Uint8Array() }),
    write({ baseOffset: 3, deltas: [0], headers: [["__proto__", "x"]], value: () => new Uint8Array() }),
  );
  for (const maxRecords of [1, 10]) {
    const set = setOf(bytes);
    const seen: unknown[] = [];
    for (let batch = set.next(maxRecords); batch; batch = set.next(maxRecords)) {
      for (let i = 0; i < batch.count; i++) {
        seen.push([
          text(keyOf(batch, i)),
          text(valueOf(batch, i)),
          batch.timestampMs[i],
          Object.entries(batch.headers(i)),
        ]);
      }
    }
    assertEquals(seen, [
      [null, null, TIME - 1000, []],
      ["k", "v1", TIME + 2 ** 40, [["reason", "ü"], ["empty", ""], ["none", ""], ["twice", "2"]]],
      ["", "v2", 5, []],
      [null, "", TIME, [["__proto__", "x"]]],
    ]);
  }
});

Deno.test("RecordSet refuses broken bytes, naming topic, partition and offset, and always ends", () => {
  const broken = (change: (bytes: Uint8Array, view: DataView) => void, batch = plain(40, 50)) => {
    change(batch, new DataView(batch.buffer));
    return batch;
  };
  const cases = [
    broken((bytes) => bytes[16] = 1),
    broken((_, view) => view.setInt32(8, 10)),
    broken((bytes) => bytes[61] = 0xfe),
    broken((_, view) => view.setInt32(57, 1000)),
    broken((_, view) => view.setInt16(21, 7)),
    broken((bytes) => bytes.fill(0xff, 62), plain(40, 50, 4)),
    broken((bytes) => bytes.fill(0xff, 62), plain(40, 50, 1)),
    broken((bytes) => bytes.fill(0xff, 62), plain(40, 50, 2)),
    broken((bytes) => bytes.fill(0xff, 62), plain(40, 50, 3)),
    broken((_, view) => view.setInt16(21, 4)),
  ];
  for (const bytes of cases) {
    assertThrows(() => all(setOf(bytes, { fromOffset: 40 })), RangeError, "of t/3 as");
  }
});

Deno.test("RecordSet yields records within the bytes or throws a RangeError, for any mutation", () => {
  let seed = 1;
  const random = (below: number) => (seed = Math.imul(seed, 1103515245) + 12345 >>> 0) % below;
  for (let round = 0; round < 4000; round++) {
    const bytes = join(plain(0, 6), plain(6, 9, random(5)), marker(9, 1, 1), plain(10, 12));
    for (let i = random(4); i >= 0; i--) bytes[random(bytes.length)] = random(256);
    const set = setOf(bytes.subarray(0, bytes.length - random(20)));
    try {
      for (let batch = set.next(3), turns = 0; batch; batch = set.next(3)) {
        assert(turns++ < 1000);
        for (let i = 0; i < batch.count; i++) {
          assert(batch.valueEnd[i] <= batch.bytes.length && batch.keyEnd[i] <= batch.bytes.length);
        }
      }
    } catch (error) {
      assert(error instanceof RangeError, `${error}`);
    }
  }
});

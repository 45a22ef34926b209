/**
 * Memory for the columns of batches: a batch takes some 200 bytes a record, for as long as it is on its way.
 *
 * @module
 */

/** Makes arrays, each under a name of its own; what is in them before they are filled is not said. */
export interface Arrays {
  /** An array of this length. */
  float32(name: string, length: number): Float32Array<ArrayBuffer>;
  /** An array of this length. */
  float64(name: string, length: number): Float64Array<ArrayBuffer>;
  /** An array of this length. */
  int32(name: string, length: number): Int32Array<ArrayBuffer>;
  /** An array of this length. */
  uint32(name: string, length: number): Uint32Array<ArrayBuffer>;
  /** An array of this length. */
  uint8(name: string, length: number): Uint8Array<ArrayBuffer>;
}

/** New arrays each time, for whoever keeps them. */
export const newArrays: Arrays = {
  float32: (_, length) => new Float32Array(length),
  float64: (_, length) => new Float64Array(length),
  int32: (_, length) => new Int32Array(length),
  uint32: (_, length) => new Uint32Array(length),
  uint8: (_, length) => new Uint8Array(length),
};

/**
 * Arrays that go from one batch to the next: nothing is allocated, zeroed, and found dead by the garbage collector for each.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { ArrayPool } from "./array_pool.ts";
 *
 * const pool = new ArrayPool();
 * const arrays = pool.take();
 * assertEquals(arrays.float64("amount", 3).length, 3);
 * pool.give(arrays);
 * ```
 */
export class ArrayPool {
  readonly #free: Arrays[] = [];

  /** Arrays that nobody else has. */
  take(): Arrays {
    return this.#free.pop() ?? new ReusedArrays();
  }

  /** Takes arrays back; the next to take them overwrites what they gave. */
  give(arrays: Arrays): void {
    this.#free.push(arrays);
  }
}

class ReusedArrays implements Arrays {
  readonly #buffers = new Map<string, ArrayBuffer>();

  float32(name: string, length: number) {
    return new Float32Array(this.#buffer(name, 4 * length), 0, length);
  }

  float64(name: string, length: number) {
    return new Float64Array(this.#buffer(name, 8 * length), 0, length);
  }

  int32(name: string, length: number) {
    return new Int32Array(this.#buffer(name, 4 * length), 0, length);
  }

  uint32(name: string, length: number) {
    return new Uint32Array(this.#buffer(name, 4 * length), 0, length);
  }

  uint8(name: string, length: number) {
    return new Uint8Array(this.#buffer(name, length), 0, length);
  }

  #buffer(name: string, byteLength: number): ArrayBuffer {
    const known = this.#buffers.get(name);
    if (known !== undefined && known.byteLength >= byteLength) return known;
    const made = new ArrayBuffer(Math.max(byteLength, 1.5 * (known?.byteLength ?? 0)));
    this.#buffers.set(name, made);
    return made;
  }
}

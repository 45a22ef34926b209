/** Makes arrays for the columns of a batch, each under a name of its own; their content is undefined. */
export interface Arrays {
  float32(name: string, length: number): Float32Array<ArrayBuffer>;
  float64(name: string, length: number): Float64Array<ArrayBuffer>;
  int32(name: string, length: number): Int32Array<ArrayBuffer>;
  uint32(name: string, length: number): Uint32Array<ArrayBuffer>;
  uint8(name: string, length: number): Uint8Array<ArrayBuffer>;
}

/** Allocates new arrays each time, for callers that keep them. */
export const newArrays: Arrays = {
  float32: (_, length) => new Float32Array(length),
  float64: (_, length) => new Float64Array(length),
  int32: (_, length) => new Int32Array(length),
  uint32: (_, length) => new Uint32Array(length),
  uint8: (_, length) => new Uint8Array(length),
};

/**
 * Arrays that one batch hands on to the next, so that none is allocated, zeroed and collected for each batch.
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

  /** Takes arrays that nobody else uses. */
  take(): Arrays {
    return this.#free.pop() ?? new ReusedArrays();
  }

  /** Gives arrays back; the next to take them overwrites their content. */
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

const PAGE_BYTES = 65536;
const ALIGNMENT = 64;

/** What will lie in a module's linear memory: addresses are given out first, and the bytes are written at the end. */
export class MemoryImage {
  #end: number;
  readonly #placed: { at: number; bytes: Uint8Array }[] = [];

  /**
   * Begins an empty image.
   *
   * @param start First address that may be used, in bytes.
   */
  constructor(start: number) {
    this.#end = start;
  }

  /**
   * Sets room aside, filled with zeros in a fresh memory.
   *
   * @param bytes Size in bytes.
   * @returns Address, a multiple of 64.
   */
  reserve(bytes: number): number {
    const at = Math.ceil(this.#end / ALIGNMENT) * ALIGNMENT;
    this.#end = at + bytes;
    return at;
  }

  /**
   * Sets room aside for the bytes of a view, as they are when `writeTo` is called.
   *
   * @param view A typed array.
   * @returns Address, a multiple of 64.
   */
  place(view: ArrayBufferView): number {
    const at = this.reserve(view.byteLength);
    this.#placed.push({ at, bytes: new Uint8Array(view.buffer, view.byteOffset, view.byteLength) });
    return at;
  }

  /**
   * Grows a memory to fit and writes all that was placed.
   *
   * @param memory Memory of a fresh instance; views of it that were made before are void.
   * @throws RangeError if the image does not fit into the 4 GiB that a module can address.
   */
  writeTo(memory: WebAssembly.Memory): void {
    const pages = Math.ceil((this.#end - memory.buffer.byteLength) / PAGE_BYTES);
    try {
      if (pages > 0) memory.grow(pages);
    } catch (cause) {
      throw new RangeError(
        "Cannot score the forest as it must fit into the 4 GiB of a WebAssembly memory: " +
          `current value is ${this.#end} bytes`,
        { cause },
      );
    }
    for (const { at, bytes } of this.#placed) new Uint8Array(memory.buffer).set(bytes, at);
  }
}

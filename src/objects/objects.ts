/**
 * The port to an object store: named immutable bytes.
 *
 * @module
 */

/** How an object is written. */
export interface PutOptions {
  /** SHA-256 of the bytes, hexadecimal; kept with the object where the store can. */
  sha256: string;
}

/** A store of named bytes. */
export interface ObjectStore extends AsyncDisposable {
  /**
   * Writes the object whole or not at all, only where no object has this key.
   *
   * Blocks until it is durable, at most for the adapter's time-out; the caller retries. Throws `DeliveryError`, with
   * `retriable` false where trying again cannot help.
   *
   * @returns "created", or "exists" where the key is taken, whatever its bytes.
   */
  put(key: string, bytes: Uint8Array, options: PutOptions): Promise<"created" | "exists">;
  /** The object's bytes, or undefined where there is none. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** Keys that start with the prefix, in byte order. */
  list(prefix: string): AsyncIterable<string>;
  /** Removes the object; nothing happens where there is none. */
  delete(key: string): Promise<void>;
  /** How many calls of `put` at one time it does best with, 1 or more. */
  readonly concurrentPuts: number;
  /** The store as a person would name it, without secrets. */
  readonly name: string;
}

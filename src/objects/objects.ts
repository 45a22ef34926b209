/**
 * The port to an object store: named immutable bytes.
 *
 * @module
 */
import { DeliveryError } from "../runtime/delivery_error.ts";

/** How an object is written. */
export interface PutOptions {
  /** SHA-256 of the bytes, hexadecimal; kept with the object where the store can. */
  sha256: string;
}

/** The bucket or folder that holds the objects is not there: `make` makes it, or somebody restores it. */
export class StoreAbsentError extends DeliveryError {
  override readonly name = "StoreAbsentError";

  /** Names the store, without secrets. */
  constructor(store: string, cause: unknown) {
    super(`Cannot put an object as the store ${store} must be there: it is not`, { retriable: true, cause });
  }
}

/** A store of named bytes. */
export interface ObjectStore extends AsyncDisposable {
  /**
   * Writes the object whole or not at all, only where no object has this key.
   *
   * Blocks until it is durable, at most for the adapter's time-out; the caller retries. Throws `DeliveryError`, with
   * `retriable` false where trying again cannot help, and `StoreAbsentError` where nothing was ever made to hold objects,
   * or it vanished.
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
  /** Makes the bucket or folder that holds the objects; nothing happens where it is there. */
  make(): Promise<void>;
  /** Whether the bucket or folder is there. */
  isThere(): Promise<boolean>;
  /** How many calls of `put` at one time it does best with, 1 or more. */
  readonly concurrentPuts: number;
  /** The store as a person would name it, without secrets. */
  readonly name: string;
}

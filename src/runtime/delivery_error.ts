/**
 * Why something could not be handed over to a broker, an object store or a listener.
 *
 * `retriable` says whether the same call may succeed later; the caller waits and repeats, or gives up.
 *
 * @example
 * ```ts
 * import { assert } from "../testing/assert.ts";
 * import { DeliveryError } from "./delivery_error.ts";
 *
 * const error = new DeliveryError("Cannot put the object: the store answered 503", { retriable: true });
 * assert(error.retriable);
 * ```
 */
export class DeliveryError extends Error {
  /** Tells it from other errors in a log. */
  override readonly name = "DeliveryError";
  /** Whether the same call may succeed later. */
  readonly retriable: boolean;
  /** Time before which another attempt is not wanted, milliseconds from now; 0 where the other side named none. */
  readonly retryAfterMs: number;

  /** Makes the error; `cause` is what the store or network said. */
  constructor(message: string, options: ErrorOptions & { retriable: boolean; retryAfterMs?: number }) {
    super(message, options);
    this.retriable = options.retriable;
    this.retryAfterMs = options.retryAfterMs ?? 0;
  }
}

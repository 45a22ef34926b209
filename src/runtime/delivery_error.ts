/** Why a broker, an object store or a listener did not take something; a `retriable` call may succeed later. */
export class DeliveryError extends Error {
  override readonly name: string = "DeliveryError";
  readonly retriable: boolean;
  /** Least wait before another attempt, milliseconds; 0 if the other side named none. */
  readonly retryAfterMs: number;

  constructor(message: string, options: ErrorOptions & { retriable: boolean; retryAfterMs?: number }) {
    super(message, options);
    this.retriable = options.retriable;
    this.retryAfterMs = options.retryAfterMs ?? 0;
  }
}

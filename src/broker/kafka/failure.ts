import { DeliveryError } from "../../runtime/delivery_error.ts";

/** What an error of a Kafka client means. */
export interface Failure {
  /** Kafka's own name of the error, such as `MESSAGE_TOO_LARGE`, if the cluster answered with one. */
  type?: string;
  /** Whether no retry helps. */
  isFinal: boolean;
  message: string;
}

/** Tells what an error of a client means. */
export type Explain = (error: unknown) => Failure;

const FINAL_TYPES =
  /AUTHORIZATION_FAILED|^INVALID_(?!PRODUCER_EPOCH)|^UNSUPPORTED_|MESSAGE_TOO_LARGE|RECORD_LIST_TOO_LARGE|^POLICY_VIOLATION|SASL_AUTHENTICATION/;

/** Whether an answer of Kafka's, by its name, is a lasting refusal; outages, elections and timeouts pass. */
export function isFinalType(type: string | undefined): boolean {
  return type !== undefined && FINAL_TYPES.test(type);
}

/** Whether the same call may succeed later: after connections, elections and timeouts, not after refusals or broken bytes. */
export function isRetriable(error: unknown, explain: Explain): boolean {
  for (let at = error as Error | undefined, depth = 0; at && depth < 8; at = at.cause as Error, depth++) {
    if (at instanceof DeliveryError) return at.retriable;
    if (at instanceof RangeError) return false;
  }
  return !explain(error).isFinal;
}

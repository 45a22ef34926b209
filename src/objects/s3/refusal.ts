import { DeliveryError } from "../../runtime/delivery_error.ts";

/** An answer of an S3 server other than success. */
export class S3Refusal extends Error {
  /** Tells it from other errors in a log. */
  override readonly name = "S3Refusal";
  /** HTTP status, 300 to 599. */
  readonly status: number;
  /** S3's word for it, such as `NoSuchKey`; empty where the server gave none. */
  readonly code: string;

  /** Reads the body of the answer: XML with `Code` and `Message`, or anything. */
  constructor(status: number, body: string) {
    const code = /<Code>([^<]*)<\/Code>/.exec(body)?.[1] ?? "";
    const message = /<Message>([^<]*)<\/Message>/.exec(body)?.[1] ?? "";
    super([status, code, message].filter((part) => part !== "").join(" "));
    this.status = status;
    this.code = code;
  }
}

/** Codes under a status that is final otherwise, after which the same request may succeed later. */
const RETRIABLE_CODES = [
  "RequestTimeTooSkewed", // the next one bears the server's time
  "RequestTimeout",
  "SlowDown",
  "OperationAborted",
  "ConditionalRequestConflict",
  "XMinioServerNotInitialized",
  "XMinioStorageFull",
];

const ADVICE: readonly [code: RegExp, advice: string][] = [
  [/^InvalidAccessKeyId$|^SignatureDoesNotMatch$/, "; check the access key and the secret key"],
  [/^RequestTimeTooSkewed$/, "; set the clock of this machine or of the server"],
  [
    /^AccessDenied$|^AllAccessDisabled$/,
    "; give the access key the right to read, list and write the bucket",
  ],
  [
    /^AuthorizationHeaderMalformed$|^InvalidRegion$|^PermanentRedirect$/,
    "; name the bucket's region with ?region=",
  ],
  [/^(Bucket|Object)Quota|^EntityTooLarge$|StorageFull$/, "; make room in the store"],
];

/** Marks a request that took too long. */
export class S3Timeout extends Error {
  /** Tells it from other errors in a log. */
  override readonly name = "S3Timeout";
}

/**
 * Whether the same request may succeed later: the connection failed, took too long, or the server is busy.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { isRetriable, S3Refusal } from "./refusal.ts";
 *
 * assertEquals([503, 403].map((status) => isRetriable(new S3Refusal(status, ""))), [true, false]);
 * ```
 */
export function isRetriable(error: unknown): boolean {
  if (error instanceof S3Refusal) {
    const { status, code } = error;
    return RETRIABLE_CODES.includes(code) || (status >= 500 && status !== 501) ||
      [408, 425, 429].includes(status);
  }
  if (error instanceof S3Timeout) return true;
  if (!(error instanceof Error) || error instanceof Deno.errors.NotCapable) return false;
  if (error instanceof DeliveryError) return false;
  // Only errors of the network have a code; the rest are faults of the program or of its input.
  const { code, message } = error as { code?: string; message: string };
  if (/certificate|self.signed|UnknownIssuer|UNABLE_TO_VERIFY|NotValidForName/i.test(`${code} ${message}`)) {
    return false;
  }
  return NETWORK_CODES.includes(code ?? "") || /socket hang up|connection|aborted|premature/i.test(message);
}

const NETWORK_CODES = [
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EPIPE",
  "ERR_STREAM_PREMATURE_CLOSE",
  "ETIMEDOUT",
];

/**
 * The error that the store throws in the end.
 *
 * @param action What could not be done, as "put flagged/a.ndjson".
 * @param name The store, without secrets.
 */
export function storeError(error: unknown, action: string, name: string): unknown {
  const retriable = isRetriable(error);
  if (!retriable && !(error instanceof S3Refusal) && !isOfTls(error)) return error;
  const code = error instanceof S3Refusal ? error.code || (error.status === 403 ? "AccessDenied" : "") : "";
  const advice = ADVICE.find(([pattern]) => pattern.test(code))?.[1] ?? "";
  return new DeliveryError(
    `Cannot ${action} as the object store ${name} must be there and take it: it says "${
      (error as Error).message
    }"${advice}`,
    { retriable, cause: error },
  );
}

function isOfTls(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  return /certificate|self.signed|UnknownIssuer|UNABLE_TO_VERIFY|NotValidForName/i.test(`${code} ${message}`);
}

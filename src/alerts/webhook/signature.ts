/**
 * Signatures of webhooks, in the form that Stripe made common: HMAC-SHA256 over the time and the body.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from "node:crypto";

/** The header that carries the signature: `t=<seconds since 1970>,v1=<64 hexadecimal digits>`, `v1` once a secret. */
export const SIGNATURE_HEADER = "Edgewood-Signature";

/** What {@link verifySignature} allows. */
export interface VerifyOptions {
  /** Greatest distance of the signature's time from now, in seconds; 300 by default. Older requests may be replayed ones. */
  toleranceS?: number;
  /** The time in milliseconds since 1970; `Date.now` by default. */
  nowMs?(): number;
}

/**
 * Signs a body with each of the secrets.
 *
 * @param secrets At least one; several while receivers change from one to the next.
 * @returns The value of the header `Edgewood-Signature`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { signBody } from "./signature.ts";
 *
 * assertEquals(signBody("{}", ["secret"], 1_700_000_000_000).slice(0, 17), "t=1700000000,v1=b");
 * ```
 */
export function signBody(body: string | Uint8Array, secrets: readonly string[], nowMs: number): string {
  const seconds = Math.floor(nowMs / 1000);
  return [`t=${seconds}`, ...secrets.map((secret) => `v1=${hmac(body, secret, seconds).toString("hex")}`)]
    .join(",");
}

/**
 * Says whether a webhook came from who knows the secret, unchanged and not long ago.
 *
 * Signatures are compared in a time that does not depend on them. Check before the body is parsed.
 *
 * @param body The request's body as it came, byte for byte.
 * @param header Value of `Edgewood-Signature`, or null where the request has none.
 * @param secrets The secret, or several while it is being changed; one that fits is enough.
 * @returns False for whatever is wrong; nothing is thrown for what a stranger may send.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { signBody, verifySignature } from "./signature.ts";
 *
 * const body = '{"alert_id":"transactions/0/7"}';
 * const header = signBody(body, ["new secret", "old secret"], Date.now());
 * assertEquals(verifySignature(body, header, "old secret"), true);
 * assertEquals(verifySignature(body + " ", header, "old secret"), false);
 * ```
 */
export function verifySignature(
  body: string | Uint8Array,
  header: string | null,
  secrets: string | readonly string[],
  options: VerifyOptions = {},
): boolean {
  const { toleranceS = 300, nowMs = Date.now } = options;
  const parts = (header ?? "").split(",").map((part) => part.trim());
  const times = parts.filter((part) => part.startsWith("t="));
  const seconds = Number(times[0]?.slice(2));
  if (times.length !== 1 || !/^t=\d{1,12}$/.test(times[0])) return false;
  if (Math.abs(nowMs() / 1000 - seconds) > toleranceS) return false;
  const given = parts.filter((part) => /^v1=[0-9a-f]{64}$/.test(part)).slice(0, MOST_SIGNATURES)
    .map((part) => Uint8Array.fromHex(part.slice(3)));
  const expected = [secrets].flat().map((secret) => hmac(body, secret, seconds));
  return expected.some((each) => given.some((signature) => timingSafeEqual(each, signature)));
}

const MOST_SIGNATURES = 16;

function hmac(body: string | Uint8Array, secret: string, seconds: number) {
  return createHmac("sha256", secret).update(`${seconds}.`).update(body).digest();
}

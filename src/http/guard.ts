import { Problem } from "./problem.ts";

/** Who may do what. */
export interface Access {
  /** Names under which the service may be called, as in the header Host; checked on the loopback. */
  hosts: readonly string[];
}

/** Headers of every answer. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; " +
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/**
 * Checks a request before anything else sees it.
 *
 * @throws Problem where it must not be answered.
 */
export function guard({ headers, method }: Request, { hosts }: Access): void {
  const host = (headers.get("host") ?? "").toLowerCase();
  if (!hosts.includes(host)) throw new Problem(421, "The service is not called by this name.");
  const origin = headers.get("origin");
  if (origin !== null && method !== "GET" && method !== "HEAD" && origin !== `http://${host}`) {
    throw new Problem(403, "Another site may not write here.");
  }
}

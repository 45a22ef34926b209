import { createHash, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { Scope } from "../routes/route.ts";

/** A token as the file keeps it: what it allows and its hash, never the token itself. */
export interface KeptToken {
  name: string;
  scopes: Scope[];
  /** SHA-256 in lower-case hexadecimal; a token has 256 random bits, so a fast hash is enough. */
  sha256: string;
  /** RFC 3339. */
  created_at: string;
  /** RFC 3339; refused from then on. Absent: never. */
  expires_at?: string;
}

const fileSchema = z.strictObject({
  tokens: z.array(z.strictObject({
    name: z.string().min(1).max(128).regex(/^\P{Cc}*$/u, "must have no control characters"),
    scopes: z.array(z.enum(["read", "write", "label"])).min(1),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    created_at: z.iso.datetime(),
    expires_at: z.iso.datetime().optional(),
  })),
});
const PREFIX = "edgewood_";

/**
 * Makes a token of 256 random bits.
 *
 * @returns The token, which is shown once, and what the file keeps.
 */
export function makeToken(
  { name, scopes, expires_at }: Pick<KeptToken, "name" | "scopes" | "expires_at">,
  nowMs: number = Date.now(),
): { token: string; kept: KeptToken } {
  const bits = crypto.getRandomValues(new Uint8Array(32));
  const token = PREFIX + bits.toBase64({ alphabet: "base64url", omitPadding: true });
  const kept = {
    name,
    scopes,
    sha256: hashOf(token).toString("hex"),
    created_at: new Date(nowMs).toISOString(),
    ...(expires_at !== undefined && { expires_at }),
  };
  return { token, kept };
}

/**
 * Reads the text of a tokens file.
 *
 * @throws RangeError if it is anything else, or has a name or a hash twice.
 */
export function parseTokens(text: string): KeptToken[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new RangeError(`Cannot read the tokens as the file must be JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
  const parsed = fileSchema.safeParse(json);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0];
    throw new RangeError(`Cannot read the tokens as ${path.join(".") || "the file"} is wrong: ${message}`, {
      cause: parsed.error,
    });
  }
  const { tokens } = parsed.data;
  for (const field of ["name", "sha256"] as const) {
    const values = tokens.map((token) => token[field]);
    const twice = values.find((value, i) => values.indexOf(value) !== i);
    if (twice === undefined) continue;
    throw new RangeError(`Cannot read the tokens as each ${field} must differ: "${twice}" stands twice`);
  }
  return tokens;
}

/** Writes tokens as the text of a file. */
export function formatTokens(tokens: readonly KeptToken[]): string {
  return `${JSON.stringify({ tokens }, null, 2)}\n`;
}

/** Whether a token is past its time. */
export function isExpired({ expires_at }: KeptToken, nowMs: number = Date.now()): boolean {
  return expires_at !== undefined && nowMs >= Date.parse(expires_at);
}

/**
 * Finds the kept token that a caller presents; undefined if there is none.
 *
 * Every kept hash is compared in constant time, so the time reveals nothing.
 */
export function findToken(kept: readonly KeptToken[], presented: string): KeptToken | undefined {
  const hash = hashOf(presented);
  let found: KeptToken | undefined;
  for (const each of kept) if (timingSafeEqual(hash, fromHex(each.sha256))) found = each;
  return found;
}

function hashOf(token: string) {
  return createHash("sha256").update(token).digest();
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.fromHex(text);
}

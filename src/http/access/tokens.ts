/**
 * Tokens of callers: what each may do, and its hash; the token itself is nowhere kept.
 *
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { Scope } from "../routes/route.ts";

/** A token as the file keeps it. */
export interface KeptToken {
  /** Whose it is. */
  name: string;
  scopes: Scope[];
  /** SHA-256 of the token, in lower-case hexadecimal: enough, since a token is 256 random bits that nobody can guess. */
  sha256: string;
  /** When it was made, RFC 3339. */
  created_at: string;
}

const fileSchema = z.strictObject({
  tokens: z.array(z.strictObject({
    name: z.string().min(1).max(128),
    scopes: z.array(z.enum(["read", "write", "label"])).min(1),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    created_at: z.iso.datetime(),
  })),
});
const PREFIX = "edgewood_";

/**
 * Makes a token of 256 random bits.
 *
 * @returns The token, to be shown once, and what is kept of it.
 */
export function makeToken(
  { name, scopes }: Pick<KeptToken, "name" | "scopes">,
  nowMs: number = Date.now(),
): { token: string; kept: KeptToken } {
  const bits = crypto.getRandomValues(new Uint8Array(32));
  const token = PREFIX + bits.toBase64({ alphabet: "base64url", omitPadding: true });
  const kept = {
    name,
    scopes,
    sha256: hashOf(token).toString("hex"),
    created_at: new Date(nowMs).toISOString(),
  };
  return { token, kept };
}

/**
 * Reads the text of a tokens file.
 *
 * @throws RangeError where it is something else, or names a token twice.
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
  const names = tokens.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new RangeError(`Cannot read the tokens as names must differ: "${twice}" stands twice`);
  }
  return tokens;
}

/** Writes tokens as the text of a file. */
export function formatTokens(tokens: readonly KeptToken[]): string {
  return `${JSON.stringify({ tokens }, null, 2)}\n`;
}

/**
 * The kept token that a presented one is; undefined where it is none of them.
 *
 * Every kept hash is compared, each in constant time, so the time that it takes tells nothing of them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { findToken, makeToken } from "./tokens.ts";
 *
 * const { token, kept } = makeToken({ name: "ann", scopes: ["read"] });
 * assertEquals(findToken([kept], token)?.name, "ann");
 * assertEquals(findToken([kept], `${token}x`), undefined);
 * ```
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

import type { Hold } from "../connections.ts";
import { Problem } from "../problem.ts";

/** Bounds of a request's body. */
export interface BodyLimits {
  maxBytes: number;
  /** Time from its first to its last byte. */
  timeoutMs: number;
  /** Counts its memory. */
  hold: Hold;
}

/**
 * Reads a request's body, bounded in size and time.
 *
 * @throws Problem 413 for too many bytes, 503 where other requests hold all memory, 408 for too much time, 400 if the sender breaks off.
 */
export async function readBody(
  request: Request,
  { maxBytes, timeoutMs, hold }: BodyLimits,
): Promise<Uint8Array<ArrayBuffer>> {
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced > maxBytes) throw tooLarge(maxBytes);
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    reader.cancel().catch(() => undefined); // the body has ended already
  }, timeoutMs);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (isLate) throw new Problem(408, `The body must arrive within ${timeoutMs / 1000} s.`);
      if (done) break;
      length += value.length;
      if (length > maxBytes) throw tooLarge(maxBytes);
      hold(value.length);
      chunks.push(value);
    }
  } catch (error) {
    if (error instanceof Problem) {
      reader.cancel().catch(() => undefined); // the rest is not read
      throw error;
    }
    throw new Problem(400, "The body broke off before its end.");
  } finally {
    clearTimeout(timer);
  }
  if (chunks.length === 1) return chunks[0] as Uint8Array<ArrayBuffer>;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function tooLarge(maxBytes: number): Problem {
  return new Problem(413, `The body must have at most ${maxBytes} bytes.`);
}

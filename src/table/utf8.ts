import { foreignBytes, HEAD_BYTES } from "../runtime/text/foreign_bytes.ts";

/** The text of a file; throws RangeError that says what it is where it is none. */
export async function* decodeUtf8(chunks: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let head = new Uint8Array(0);
  let bytesBefore = 0;
  for await (const chunk of chunks) {
    if (head.length < HEAD_BYTES) {
      head = Uint8Array.of(...head, ...chunk.subarray(0, HEAD_BYTES - head.length));
      refuseForeign(head, name);
    }
    yield decode(chunk, true);
    bytesBefore += chunk.length;
  }
  yield decode(new Uint8Array(0), false);

  function decode(chunk: Uint8Array, stream: boolean): string {
    try {
      return decoder.decode(chunk, { stream });
    } catch (cause) {
      const place = `near byte ${bytesBefore + firstBadByte(chunk)}`;
      throw new RangeError(
        `Cannot read ${name} as its text must be UTF-8: it is not, ${place}; if it was saved in Windows-1252 or another ` +
          "code page, convert it, as with iconv -f WINDOWS-1252 -t UTF-8",
        { cause },
      );
    }
  }
}

function refuseForeign(head: Uint8Array, name: string): void {
  const found = foreignBytes(head);
  if (found !== undefined) {
    throw new RangeError(`Cannot read ${name} as it must be text: it is ${found.what}; ${found.todo}`);
  }
  if (/^\s*<(?:!doctype|html|\?xml)/i.test(new TextDecoder().decode(head))) {
    throw new RangeError(`Cannot read ${name} as it must be CSV or NDJSON: it is a page of HTML or XML`);
  }
}

function firstBadByte(chunk: Uint8Array): number {
  const text = new TextDecoder().decode(chunk);
  // A character that was cut by the chunk's start is no fault.
  const at = text.indexOf("\ufffd", 1);
  return at < 0 ? 0 : new TextEncoder().encode(text.slice(0, at)).length;
}

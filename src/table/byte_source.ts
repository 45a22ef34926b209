import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";

const CHUNK_BYTES = 65_536;

/** The bytes of a file or of standard input, unpacked where they are gzip. */
export interface ByteSource extends Disposable {
  /** The path, or "standard input". */
  readonly name: string;
  /** Size of the file on disk in bytes; undefined if it is not a plain file. */
  readonly size: number | undefined;
  /** Before unpacking. */
  readonly bytesRead: number;
  /** The unpacked bytes; each chunk is valid until the next is asked for. Throws Error for damaged gzip data. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * Opens a file, or standard input, for reading from start to end.
 *
 * The first two bytes tell gzip, not the name; several gzip members in a row are read as one.
 *
 * @param path Path of a file, or `-` for standard input.
 * @throws Error where it cannot be opened or is a folder.
 */
export async function openByteSource(path: string): Promise<ByteSource> {
  const name = path === "-" ? "standard input" : path;
  let file: Deno.FsFile | typeof Deno.stdin;
  let size: number | undefined;
  try {
    file = path === "-" ? Deno.stdin : await Deno.open(path);
    if (path !== "-") {
      const info = await (file as Deno.FsFile).stat();
      if (info.isDirectory) {
        file.close();
        throw new TypeError("it is a folder");
      }
      if (info.isFile) size = info.size;
    }
  } catch (cause) {
    const reason = cause instanceof Deno.errors.NotFound ? "no such file" : (cause as Error).message;
    throw new Error(`Cannot read ${name}: ${reason}`, { cause });
  }
  let bytesRead = 0;
  let open = true;
  async function* read(): AsyncGenerator<Uint8Array> {
    const buffer = new Uint8Array(CHUNK_BYTES);
    for (let n = await file.read(buffer); n !== null; n = open ? await file.read(buffer) : null) {
      bytesRead += n;
      yield buffer.subarray(0, n);
    }
  }
  return {
    name,
    size,
    get bytesRead() {
      return bytesRead;
    },
    chunks: unpack(read(), name),
    [Symbol.dispose]() {
      if (open && file !== Deno.stdin) file.close();
      open = false;
    },
  };
}

/** Unpacks gzip and passes other bytes on; the first two bytes, which tell, may come in two chunks. */
async function* unpack(chunks: AsyncGenerator<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  let head = new Uint8Array(0);
  while (head.length < 2) {
    const { value, done } = await chunks.next();
    if (done) break;
    const longer = new Uint8Array(head.length + value.length);
    longer.set(head);
    longer.set(value, head.length);
    head = longer;
  }
  const isGzip = head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b;
  yield* isGzip ? gunzip(join(head, chunks), name) : join(head, chunks);
}

/** What was read ahead, then the rest. */
export async function* join<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T> {
  yield first;
  yield* rest;
}

async function* gunzip(chunks: AsyncGenerator<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const copied = Readable.from((async function* () {
    // The unpacker may hold a chunk while the next one is read into the same buffer.
    for await (const chunk of chunks) yield chunk.slice();
  })());
  const unpacked = createGunzip({ chunkSize: CHUNK_BYTES });
  pipeline(copied, unpacked, () => {
    // The error comes out of the iteration below.
  });
  try {
    for await (const chunk of unpacked) yield chunk;
  } catch (cause) {
    throw new Error(`Cannot read ${name} as its gzip data must be whole: ${(cause as Error).message}`, {
      cause,
    });
  }
}

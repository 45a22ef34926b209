/** Writes text to a file, or to standard output, from start to end. */
export interface LineWriter extends AsyncDisposable {
  /** Throws Error where the disk is full, Deno.errors.BrokenPipe where the reader of standard output went away. */
  write(text: string): Promise<void>;
  /** Puts the file in its place; without this call the file that was there before stays. */
  finish(): Promise<void>;
  /** Removes an unfinished file synchronously, for a process that is about to end. */
  abandon(): void;
}

/**
 * Opens a file to write, which takes its place only when it is whole.
 *
 * @param path Path of the file, or `-` for standard output.
 * @throws Error where its folder is absent or cannot be written.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { openLineWriter } from "./line_writer.ts";
 *
 * const directory = await Deno.makeTempDir();
 * await using writer = await openLineWriter(`${directory}/scores.csv`);
 * await writer.write("row,anomaly_score,flagged\n");
 * await writer.finish();
 * assertEquals(await Deno.readTextFile(`${directory}/scores.csv`), "row,anomaly_score,flagged\n");
 * ```
 */
export async function openLineWriter(path: string): Promise<LineWriter> {
  const encoder = new TextEncoder();
  const writeAll = async (target: { write(bytes: Uint8Array): Promise<number> }, text: string) => {
    const bytes = encoder.encode(text);
    for (let at = 0; at < bytes.length;) at += await target.write(bytes.subarray(at));
  };
  if (path === "-") {
    return {
      write: (text) => writeAll(Deno.stdout, text),
      finish: () => Promise.resolve(),
      abandon: () => {},
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const fail = (cause: unknown): never => {
    const { message } = cause as Error;
    throw new Error(`Cannot write ${path} as it must be a file that can be written: ${message}`, { cause });
  };
  // A device or a pipe, such as /dev/null, can't be replaced by a rename.
  const direct = await isSpecial(path).catch(fail);
  const place = direct ? path : `${path}.${crypto.randomUUID().slice(0, 8)}.part`;
  const file = await Deno.open(place, { write: true, createNew: !direct }).catch(fail);
  let open = true;
  let finished = direct;
  const close = () => {
    if (open) file.close();
    open = false;
  };
  return {
    write: (text) => writeAll(file, text).catch(fail),
    async finish() {
      close();
      if (!direct) await Deno.rename(place, path).catch(fail);
      finished = true;
    },
    abandon() {
      if (!finished) Deno.removeSync(place);
      finished = true;
    },
    async [Symbol.asyncDispose]() {
      close();
      if (!finished) await Deno.remove(place);
    },
  };
}

async function isSpecial(path: string): Promise<boolean> {
  try {
    const info = await Deno.stat(path);
    if (info.isDirectory) throw new TypeError("it is a folder");
    return !info.isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

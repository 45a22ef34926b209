import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import type { Readable } from "node:stream";
import { Client } from "minio";
import { Waiting } from "../../runtime/waiting.ts";
import { readS3Address, type S3Address } from "./address.ts";
import { ServerClock } from "./clock.ts";
import { checkKey, compareKeys, contentTypeOf } from "./key.ts";
import { isRetriable, S3Refusal, S3Timeout, storeError } from "./refusal.ts";
import { openTransport, type S3Transport } from "./transport.ts";
import { type ObjectStore, type PutOptions, StoreAbsentError } from "../objects.ts";

/** Time limits of an S3 store, and its hook. */
export interface MinioOptions {
  /** Time limit of one request, in milliseconds, a second more for each MiB; 10,000 by default. */
  requestTimeoutMs?: number;
  /** A call that fails is repeated until then, in milliseconds; 30,000 by default. */
  deadlineMs?: number;
  /** Called after each failure that another attempt follows. */
  onRetry?(error: unknown, attempt: number): void;
  /** Takes a line about an outage; standard error by default. */
  onTrouble?(line: string): void;
}

/** Larger than any object here, so that each is one PUT: the parts of a larger one could not be created only once. */
const PART_BYTES = 5 * 1024 ** 3;
const PAGE_KEYS = 1000;
/** Connections at most, and PUTs at one time. */
const MAX_SOCKETS = 16;
const REQUEST_TIMEOUT_MS = 10_000;
/** A look whether the key is taken, the PUT, and the PUT that shows whether the server creates only. */
const REQUESTS_PER_TURN = 3;

/**
 * Opens the bucket at `s3://ACCESS:SECRET@HOST:PORT/BUCKET?region=…&tls=true|false&cafile=FILE`.
 *
 * Nothing is asked of the server before the first call. An
 * object is created by `If-None-Match: *`; a server that does not know this is found out with the first object, and
 * then asked before each PUT whether the key is taken. Each call is repeated, with growing waits, until it succeeds, is
 * refused for good, or its deadline has passed. Needs `--allow-net` to the server and `--allow-read` of `cafile`.
 *
 * @throws RangeError for a URL that cannot be used.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { openMinioStore } from "./store.ts";
 *
 * await using store = openMinioStore("s3://key:secret@127.0.0.1:9000/flagged");
 * assertEquals(store.name, "s3://127.0.0.1:9000/flagged");
 * ```
 */
export function openMinioStore(url: URL | string, options: MinioOptions = {}): ObjectStore {
  return new MinioStore(readS3Address(url), options);
}

class MinioStore implements ObjectStore {
  readonly name: string;
  readonly concurrentPuts: number;
  readonly #address: S3Address;
  readonly #options: MinioOptions;
  readonly #transport: S3Transport;
  readonly #client: Client;
  readonly #closing = new AbortController();
  readonly #waiting: Waiting;
  /** Whether the server honours If-None-Match; undefined until a second PUT of a key has shown it. */
  #createsOnly: boolean | undefined;
  /** PUTs that have to wait for one another. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(address: S3Address, options: MinioOptions) {
    this.#address = address;
    this.#options = options;
    this.name = address.name;
    const say = options.onTrouble ?? ((line) => console.warn(line));
    this.#waiting = new Waiting(`the object store at ${address.host}:${address.port}`, say);
    this.concurrentPuts = MAX_SOCKETS;
    this.#transport = openTransport({
      tls: address.tls,
      authority: address.caFile === undefined ? undefined : readFileSync(address.caFile, "utf8"),
      requestTimeoutMs: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
      maxSockets: this.concurrentPuts,
      clock: new ServerClock({ accessKey: address.accessKey, secretKey: address.secretKey }),
    });
    this.#client = new Client({
      endPoint: address.host,
      port: address.port,
      useSSL: address.tls,
      accessKey: address.accessKey,
      secretKey: address.secretKey,
      region: address.region,
      pathStyle: true,
      partSize: PART_BYTES,
      retryOptions: { disableRetry: true },
      transport: this.#transport,
      transportAgent: this.#transport.agent,
    });
  }

  put(key: string, bytes: Uint8Array, { sha256 }: PutOptions): Promise<"created" | "exists"> {
    checkKey(key);
    return this.#run(`put ${key}`, async () => {
      if (this.#createsOnly === true) return await this.#create(key, bytes, sha256);
      // Until the server is known to create only, and ever after where it does not, one PUT at a time.
      return await this.#inTurn(() => this.#createInTurn(key, bytes, sha256));
    });
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    checkKey(key);
    return await this.#run(`get ${key}`, async () => {
      try {
        return await bytesOf(await this.#client.getObject(this.#address.bucket, key));
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw error;
      }
    });
  }

  async *list(prefix: string): AsyncIterable<string> {
    const keys: string[] = [];
    for (let token: string | undefined = ""; token !== undefined;) {
      const at: string = token;
      const page = await this.#run(`list ${prefix}`, () => this.#page(prefix, at));
      for (const key of page.keys) keys.push(key);
      token = page.next;
    }
    // Not every server lists in byte order across its folders.
    yield* keys.sort(compareKeys);
  }

  async delete(key: string): Promise<void> {
    checkKey(key);
    await this.#run(`delete ${key}`, async () => {
      try {
        await this.#client.removeObject(this.#address.bucket, key);
      } catch (error) {
        if (!isAbsent(error)) throw error;
      }
    });
  }

  async make(): Promise<void> {
    const { bucket, region } = this.#address;
    await this.#run(`make the bucket ${bucket}`, async () => {
      try {
        await this.#client.makeBucket(bucket, region);
      } catch (error) {
        const made = ["BucketAlreadyOwnedByYou", "BucketAlreadyExists"];
        if (!(error instanceof S3Refusal && made.includes(error.code))) throw error;
      }
    });
  }

  isThere(): Promise<boolean> {
    return this.#run("look for the bucket", async () => {
      try {
        await this.#client.listObjectsV2Query(this.#address.bucket, "", "", "", 1, "");
        return true;
      } catch (error) {
        if (isBucketAbsent(error)) return false;
        throw error;
      }
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#transport[Symbol.dispose]();
    return Promise.resolve();
  }

  /** Runs the work after all before it, and waits no longer than its own requests may take in the end. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const limitMs = (this.#options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS) * REQUESTS_PER_TURN;
    const late = Promise.withResolvers<never>();
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      late.reject(new S3Timeout(`no turn to put within ${limitMs} ms`));
    }, limitMs);
    const done = this.#turn.then(async () => {
      clearTimeout(timer);
      if (!isLate) return await work();
      return await late.promise;
    });
    this.#turn = done.catch(() => {}); // told to its own caller
    return await Promise.race([done, late.promise]);
  }

  async #createInTurn(key: string, bytes: Uint8Array, sha256: string): Promise<"created" | "exists"> {
    if (this.#createsOnly === true) return await this.#create(key, bytes, sha256);
    if (await this.#isTaken(key)) return "exists";
    const result = await this.#create(key, bytes, sha256);
    if (result === "exists") {
      this.#createsOnly = true;
    } else if (this.#createsOnly === undefined) {
      // The same bytes again: either they are refused, or nothing is changed by them.
      this.#createsOnly = await this.#create(key, bytes, sha256) === "exists";
    }
    return result;
  }

  async #create(key: string, bytes: Uint8Array, sha256: string): Promise<"created" | "exists"> {
    const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    // As metadata the client passes the condition on as the header that it is.
    const headers = { "If-None-Match": "*", "Content-Type": contentTypeOf(key), "x-amz-meta-sha256": sha256 };
    try {
      await this.#client.putObject(this.#address.bucket, key, body, body.length, headers);
      return "created";
    } catch (error) {
      if (error instanceof S3Refusal && error.status === 412) return "exists";
      throw isBucketAbsent(error) ? new StoreAbsentError(this.name, error) : error;
    }
  }

  async #isTaken(key: string): Promise<boolean> {
    try {
      await this.#client.statObject(this.#address.bucket, key);
      return true;
    } catch (error) {
      // Without the right to list, an absent key is reported as forbidden. Unlike HEAD's, the refusal of PUT gives a reason.
      if (error instanceof S3Refusal && !isRetriable(error)) return false;
      throw error;
    }
  }

  async #page(prefix: string, token: string): Promise<{ keys: string[]; next: string | undefined }> {
    try {
      const page = await this.#client.listObjectsV2Query(
        this.#address.bucket,
        prefix,
        token,
        "",
        PAGE_KEYS,
        "",
      );
      const keys = page.objects.flatMap(({ name }) => name === undefined ? [] : [name]);
      return {
        keys,
        next: page.isTruncated && page.nextContinuationToken !== "" ? page.nextContinuationToken : undefined,
      };
    } catch (error) {
      if (isBucketAbsent(error)) return { keys: [], next: undefined };
      throw error;
    }
  }

  async #run<T>(action: string, attempt: () => Promise<T>): Promise<T> {
    const { deadlineMs = 30_000, onRetry } = this.#options;
    try {
      return await this.#waiting.retry(attempt, {
        deadlineMs,
        onRetry,
        retriable: isRetriable,
        signal: this.#closing.signal,
      });
    } catch (error) {
      throw storeError(error, action, this.name);
    }
  }
}

async function bytesOf(stream: Readable): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    size += chunk.length;
  }
  const expected = Number(
    (stream as Readable & { headers: Record<string, string> }).headers["content-length"],
  );
  if (size !== expected) throw new S3Timeout(`the answer ended after ${size} of ${expected} bytes`);
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function isAbsent(error: unknown): boolean {
  return error instanceof S3Refusal && error.status === 404;
}

function isBucketAbsent(error: unknown): boolean {
  return error instanceof S3Refusal && error.status === 404 && error.code !== "NoSuchKey";
}

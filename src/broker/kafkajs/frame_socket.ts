import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import { FETCH_KEY } from "../kafka/fetch_protocol.ts";
import type { LargeAnswers } from "./large_answers.ts";

/** What kafkajs asks a socket factory for. */
export interface FrameSocketOptions {
  /** Name or address of the node. */
  host: string;
  /** Its port. */
  port: number;
  /** Set where TLS is spoken, with the certificates of authorities that are trusted besides the usual ones. */
  tls?: { authorities?: string[] };
  /** Told when the connection stands. */
  onConnect(): void;
}

/** Bytes that say how long a frame is, those of a request's number, and where they lie in a request. */
const SIZE_BYTES = 4;
const ID_BYTES = 4;
const REQUEST_KEY = 4;
const REQUEST_ID = 8;
const REQUEST_HEAD = 12;
/** More than any answer has; the first bytes of another protocol say more. */
const MOST_FRAME_BYTES = 2 ** 30;

/**
 * A connection to a Kafka node, as far as kafkajs uses a socket.
 *
 * kafkajs's own sockets give an answer in pieces of 64 KiB, which it then puts together by a copy. All that Kafka says
 * is framed, so this one reads each frame into a buffer of its size. Of the answer to a fetch kafkajs gets only a ticket
 * for `LargeAnswers`, in a frame with the number of the request, so that the bytes lie where the system has put them.
 *
 * It emits `data`, `end` and `error` as `net.Socket` does.
 */
export class FrameSocket extends EventEmitter {
  readonly #answers: LargeAnswers;
  /** Numbers of the fetches that are not answered yet. */
  readonly #fetches = new Set<number>();
  #connection: Deno.Conn | undefined;
  #writing: Promise<unknown> = Promise.resolve();
  readonly #ending = new AbortController();

  /** Begins to connect. */
  constructor(options: FrameSocketOptions, answers: LargeAnswers) {
    super();
    this.#answers = answers;
    this.#run(options).catch((error) => this.#fail(error));
  }

  /** Sends a request after those before it. */
  write(request: Buffer): void {
    // kafkajs puts the size before the request: key, version and number follow.
    if (request.length >= REQUEST_HEAD && request.readInt16BE(REQUEST_KEY) === FETCH_KEY) {
      this.#fetches.add(request.readInt32BE(REQUEST_ID));
    }
    this.#writing = this.#writing.then(() => this.#writeAll(request)).catch((error) => this.#fail(error));
  }

  /** Closes the connection after what is to be sent. */
  end(): void {
    this.#writing.then(() => this.#close());
  }

  /** There for kafkajs, which calls it after the end. */
  unref(): void {}

  async #run({ host, port, tls, onConnect }: FrameSocketOptions): Promise<void> {
    const connection = await connect({ hostname: host, port, signal: this.#ending.signal }, tls);
    if (this.#isEnded) return connection.close();
    this.#connection = connection;
    onConnect();
    const size = new Uint8Array(SIZE_BYTES);
    while (await fill(connection, size)) {
      const frame = Buffer.from(new ArrayBuffer(SIZE_BYTES + sizeOf(size)));
      frame.set(size);
      if (!await fill(connection, frame.subarray(SIZE_BYTES))) break;
      this.emit("data", this.#isFetched(frame) ? this.#ticketFor(frame) : frame);
    }
    if (!this.#isEnded) this.emit("end");
  }

  #isFetched(frame: Buffer): boolean {
    return frame.length >= SIZE_BYTES + ID_BYTES && this.#fetches.delete(frame.readInt32BE(SIZE_BYTES));
  }

  #ticketFor(frame: Buffer): Buffer {
    const ticket = this.#answers.keep(frame.subarray(SIZE_BYTES + ID_BYTES));
    const stub = Buffer.alloc(SIZE_BYTES + ID_BYTES + ticket.length);
    stub.writeInt32BE(ID_BYTES + ticket.length);
    frame.copy(stub, SIZE_BYTES, SIZE_BYTES, SIZE_BYTES + ID_BYTES);
    ticket.copy(stub, SIZE_BYTES + ID_BYTES);
    return stub;
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    while (bytes.length > 0 && this.#connection !== undefined) {
      bytes = bytes.subarray(await this.#connection.write(bytes));
    }
  }

  #fail(error: Error): void {
    if (this.#isEnded) return; // reading breaks off where the connection was closed from here
    this.#close();
    this.emit("error", error);
  }

  #close(): void {
    if (this.#isEnded) return;
    this.#ending.abort();
    this.#connection?.close();
  }

  get #isEnded(): boolean {
    return this.#ending.signal.aborted;
  }
}

async function connect(
  options: Deno.ConnectOptions & { hostname: string },
  tls: FrameSocketOptions["tls"],
): Promise<Deno.Conn> {
  const connection = await Deno.connect(options).catch((error) => {
    // As Node's sockets say it, which is what people look for.
    const { hostname, port } = options;
    throw new Error(`connect ${error.code ?? error.message} ${hostname}:${port}`, { cause: error });
  });
  connection.setKeepAlive(true);
  connection.setNoDelay(true);
  if (tls === undefined) return connection;
  const encrypted = await Deno.startTls(connection, { hostname: options.hostname, caCerts: tls.authorities });
  await encrypted.handshake();
  return encrypted;
}

/** The size that a frame begins with, without its own bytes. */
function sizeOf(bytes: Uint8Array): number {
  const size = Buffer.from(bytes.buffer).readInt32BE();
  if (size >= 0 && size <= MOST_FRAME_BYTES) return size;
  throw new Error(
    `Cannot read an answer as it must have at most ${MOST_FRAME_BYTES} bytes: current value is ${size}; is this a ` +
      "listener of Kafka's, and does it speak TLS or not as the URL says?",
  );
}

/** Reads until the bytes are full; false where the other side has closed before. */
async function fill(connection: Deno.Conn, bytes: Uint8Array): Promise<boolean> {
  for (let at = 0; at < bytes.length;) {
    const read = await connection.read(bytes.subarray(at));
    if (read === null) return false;
    at += read;
  }
  return true;
}

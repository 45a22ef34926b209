import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import { FETCH_KEY } from "../wire/fetch_protocol.ts";

const TICKET_BYTES = 4;
/** Longer than a request is waited for. */
const KEPT_MS = 60_000;

/** Answers that bypass kafkajs, which carries a ticket for each from the socket to the caller. */
export class LargeAnswers {
  readonly #kept = new Map<number, { answer: Buffer; forgetting: ReturnType<typeof setTimeout> }>();
  #last = 0;

  /** Keeps an answer, for a minute unless it is taken; returns its ticket. */
  keep(answer: Buffer): Buffer {
    const number = this.#last = this.#last + 1 >>> 0;
    const forgetting = setTimeout(() => this.#kept.delete(number), KEPT_MS);
    Deno.unrefTimer(forgetting);
    this.#kept.set(number, { answer, forgetting });
    const ticket = Buffer.alloc(TICKET_BYTES);
    ticket.writeUInt32BE(number);
    return ticket;
  }

  /**
   * Gives the answer of a ticket, once.
   *
   * @throws Error if it is no longer there.
   */
  take(ticket: Buffer): Buffer {
    const number = ticket.readUInt32BE();
    const kept = this.#kept.get(number);
    if (kept === undefined) {
      throw new Error(
        `Cannot read an answer: its ticket was taken before, or not within ${KEPT_MS} ms`,
      );
    }
    clearTimeout(kept.forgetting);
    this.#kept.delete(number);
    return kept.answer;
  }
}

/** What kafkajs asks a socket factory for. */
export interface FrameSocketOptions {
  host: string;
  port: number;
  /** Present for TLS, with certificates to trust besides the usual ones. */
  tls?: { authorities?: string[] };
  /** Called when the connection is open. */
  onConnect(): void;
  /** How long the node may take to close a connection that was ended, in milliseconds. */
  closingMs?: number;
  /** How long the node may say nothing while a request waits, in milliseconds. */
  silentMs?: number;
}

/** Sizes of a frame's length and of a request's number, and where the fields lie in a request. */
const SIZE_BYTES = 4;
const ID_BYTES = 4;
const REQUEST_KEY = 4;
const REQUEST_ID = 8;
const REQUEST_HEAD = 12;
/** More than any answer has; the first bytes of another protocol say more. */
const MOST_FRAME_BYTES = 2 ** 30;
const CLOSING_MS = 5000;
const SILENT_MS = 8000;
/** JoinGroup and SyncGroup: a coordinator answers when all members have come. */
const WAITING_KEYS: ReadonlySet<number> = new Set([11, 14]);

/**
 * A connection to a Kafka node, as far as kafkajs uses a socket.
 *
 * kafkajs's own sockets give an answer in pieces of 64 KiB, which it then puts together by a copy. All that Kafka says
 * is framed, so this one reads each frame into a buffer of its size. For the answer to a fetch, kafkajs gets a ticket of
 * `LargeAnswers` in a frame with the request's number: the bytes are not copied.
 *
 * A node that is frozen takes connections and requests, and says nothing. Such silence is an `error`, and kafkajs connects
 * to another one; it would ask this one again and again otherwise.
 *
 * It emits `data`, `end` and `error` when `net.Socket` does, since kafkajs relies on that when connections break.
 * kafkajs may end a socket that is still connecting or has just sent a request: the node then learns of the end after
 * both, and its answers are read until it closes. A request after the end is an `error`, and so is one that the node
 * has not answered when it closes, so that nobody waits for it.
 */
export class FrameSocket extends EventEmitter {
  readonly #answers: LargeAnswers;
  readonly #closingMs: number;
  /** Numbers of the requests that are not answered, and their keys. */
  readonly #asked = new Map<number, number>();
  readonly #connecting: Promise<Deno.Conn>;
  /** Aborted once the connection is closed from here. */
  readonly #closing = new AbortController();
  /** The last of what is to be sent. */
  #sending: Promise<void> = Promise.resolve();
  #isEnded = false;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  readonly #silentMs: number;
  #listening: ReturnType<typeof setTimeout> | undefined;
  /** When the last byte came, or the first request went after all were answered, by `performance.now()`. */
  #heardAt = 0;

  /** Begins to connect. */
  constructor(
    { host, port, tls, onConnect, closingMs = CLOSING_MS, silentMs = SILENT_MS }: FrameSocketOptions,
    answers: LargeAnswers,
  ) {
    super();
    this.#answers = answers;
    this.#closingMs = closingMs;
    this.#silentMs = silentMs;
    this.#connecting = connect({ hostname: host, port, signal: this.#closing.signal }, tls);
    this.#read(onConnect).catch((error) => this.#failUnlessClosed(error));
  }

  /** Sends a request after those before it. */
  write(request: Buffer): void {
    if (this.#isEnded || this.#isClosed) {
      queueMicrotask(() => this.#fail(new Error("a request came after the end of the connection")));
      return;
    }
    if (!this.#isOwed) this.#heardAt = performance.now();
    // kafkajs puts the size before the request: key, version and number follow.
    if (request.length >= REQUEST_HEAD) {
      this.#asked.set(request.readInt32BE(REQUEST_ID), request.readInt16BE(REQUEST_KEY));
    }
    if (this.#listening === undefined) this.#listen(this.#silentMs);
    this.#send((connection) => writeAll(connection, request));
  }

  /** Looks after a while whether the node says something, as long as a request waits. */
  #listen(ms: number): void {
    this.#listening = setTimeout(() => {
      this.#listening = undefined;
      if (this.#isClosed || !this.#isOwed) return;
      const leftMs = this.#heardAt + this.#silentMs - performance.now();
      if (leftMs > 0) this.#listen(leftMs);
      else this.#fail(new Error(`the node was silent for ${this.#silentMs} ms`));
    }, ms);
  }

  /** Tells the node, after the requests before it, that no more come; it then closes the connection. */
  end(): void {
    if (this.#isEnded || this.#isClosed) return;
    this.#isEnded = true;
    this.#send((connection) => connection.closeWrite());
    this.#deadline = setTimeout(() => this.#finish(), this.#closingMs);
  }

  /** Whether a request waits that a node answers at once. */
  get #isOwed(): boolean {
    return this.#asked.values().some((key) => !WAITING_KEYS.has(key));
  }

  /** There for kafkajs, which calls it after the end. */
  unref(): void {}

  #send(send: (connection: Deno.Conn) => Promise<void>): void {
    this.#sending = this.#sending.then(async () => await send(await this.#connecting))
      .catch((error) => this.#failUnlessClosed(error));
  }

  async #read(onConnect: () => void): Promise<void> {
    const connection = await this.#connecting;
    onConnect();
    const size = new Uint8Array(SIZE_BYTES);
    const heard = () => this.#heardAt = performance.now();
    while (await fill(connection, size, heard)) {
      const frame = Buffer.from(new ArrayBuffer(SIZE_BYTES + sizeOf(size)));
      frame.set(size);
      if (!await fill(connection, frame.subarray(SIZE_BYTES), heard)) break;
      const isFetched = this.#takeAsked(frame);
      this.emit("data", isFetched ? this.#ticketFor(frame) : frame);
    }
    this.#finish();
  }

  /** Forgets the request that a frame answers; returns whether it was a fetch. */
  #takeAsked(frame: Buffer): boolean {
    if (frame.length < SIZE_BYTES + ID_BYTES) return false;
    const id = frame.readInt32BE(SIZE_BYTES);
    const isFetched = this.#asked.get(id) === FETCH_KEY;
    this.#asked.delete(id);
    return isFetched;
  }

  #ticketFor(frame: Buffer): Buffer {
    const ticket = this.#answers.keep(frame.subarray(SIZE_BYTES + ID_BYTES));
    const stub = Buffer.alloc(SIZE_BYTES + ID_BYTES + ticket.length);
    stub.writeInt32BE(ID_BYTES + ticket.length);
    frame.copy(stub, SIZE_BYTES, SIZE_BYTES, SIZE_BYTES + ID_BYTES);
    ticket.copy(stub, SIZE_BYTES + ID_BYTES);
    return stub;
  }

  /** The node has closed the connection, or must be taken to have. */
  #finish(): void {
    if (this.#isClosed) return;
    this.#close();
    this.emit("end");
    // kafkajs forgets requests that it sent while it ended the connection.
    if (this.#asked.size > 0) this.emit("error", new Error(`${this.#asked.size} requests were not answered`));
  }

  #failUnlessClosed(error: Error): void {
    if (!this.#isClosed) this.#fail(error); // reading and sending fail when it is closed from here
  }

  #fail(error: Error): void {
    this.#close();
    this.emit("error", error);
  }

  #close(): void {
    if (this.#isClosed) return;
    clearTimeout(this.#deadline);
    clearTimeout(this.#listening);
    this.#closing.abort();
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }
}

/** Connects; the signal ends this, and closes the connection later. */
async function connect(
  options: { hostname: string; port: number; signal: AbortSignal },
  tls: FrameSocketOptions["tls"],
): Promise<Deno.Conn> {
  const connection = await Deno.connect(options).catch((error) => {
    // As Node's sockets say it, which is what people look for.
    const { hostname, port } = options;
    throw new Error(`connect ${error.code ?? error.message} ${hostname}:${port}`, { cause: error });
  });
  connection.setKeepAlive(true);
  connection.setNoDelay(true);
  if (tls === undefined) return closeOn(options.signal, connection);
  const encrypting = Deno.startTls(connection, { hostname: options.hostname, caCerts: tls.authorities });
  const encrypted = closeOn(options.signal, await encrypting);
  await encrypted.handshake();
  return encrypted;
}

function closeOn<C extends Deno.Conn>(signal: AbortSignal, connection: C): C {
  if (signal.aborted) connection.close();
  else signal.addEventListener("abort", () => connection.close());
  return connection;
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  while (bytes.length > 0) bytes = bytes.subarray(await connection.write(bytes));
}

/** The size that a frame begins with, without its own bytes. */
function sizeOf(bytes: Uint8Array): number {
  const size = Buffer.from(bytes.buffer).readInt32BE();
  if (size >= 0 && size <= MOST_FRAME_BYTES) return size;
  throw new Error(
    `Cannot read an answer of ${size} bytes, more than ${MOST_FRAME_BYTES}: is this a listener of Kafka's, and does it ` +
      "speak TLS or not as the URL says?",
  );
}

/** Reads until the bytes are full; false if the other side closes before. */
async function fill(connection: Deno.Conn, bytes: Uint8Array, heard: () => void): Promise<boolean> {
  for (let at = 0; at < bytes.length;) {
    const read = await connection.read(bytes.subarray(at));
    if (read === null) return false;
    at += read;
    heard();
  }
  return true;
}

import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import process from "node:process";
import kafkajs from "kafkajs";
import type { KafkaConfig } from "kafkajs";
import { compress, compressionNames, decompress } from "../wire/codecs.ts";
import type { KafkaAddress } from "../url.ts";
import { readAuthority } from "../read_authority.ts";
import { FrameSocket } from "./frame_socket.ts";
import type { LargeAnswers } from "./large_answers.ts";

/** kafkajs's client: what producers, consumers and admins are made of. */
export type KafkajsKafka = InstanceType<typeof kafkajs.Kafka>;

/** Bounds in time, in milliseconds, and in tries. */
const CONNECTION_TIMEOUT_MS = 5000;
const REQUEST_TIMEOUT_MS = 15_000;
const RETRY = { retries: 4, initialRetryTime: 100, maxRetryTime: 1000, multiplier: 2 };

/**
 * Makes kafkajs's client; nothing connects yet.
 *
 * It is silent: what goes wrong is thrown. The first call drops Node's `TimeoutNegativeWarning`, which kafkajs causes
 * and which means nothing (tulios/kafkajs#1751), and teaches kafkajs the codecs.
 *
 * @throws Error where the authority's file cannot be read.
 */
export async function createKafka(address: KafkaAddress, answers: LargeAnswers): Promise<KafkajsKafka> {
  dropTimeoutNegativeWarning();
  registerCodecs();
  const tls = address.tls ? { authorities: await readAuthority(address.caFile) } : undefined;
  return new kafkajs.Kafka({
    brokers: address.brokers,
    clientId: address.clientId,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    authenticationTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: RETRY,
    logLevel: kafkajs.logLevel.NOTHING,
    socketFactory: ({ host, port, onConnect }) =>
      new FrameSocket({ host, port, tls, onConnect }, answers) as unknown as Socket,
    ssl: address.tls,
    // kafkajs keeps its authenticator on this object: each client has its own.
    ...(address.sasl === undefined ? {} : { sasl: { ...address.sasl } as KafkaConfig["sasl"] }),
  });
}

let isDropping = false;

function dropTimeoutNegativeWarning() {
  if (isDropping) return;
  isDropping = true;
  const emit = process.emit as (this: unknown, name: string, ...rest: unknown[]) => boolean;
  process.emit = ((name: string, ...rest: unknown[]) => {
    const isDropped = name === "warning" && (rest[0] as Error | undefined)?.name === "TimeoutNegativeWarning";
    return isDropped ? false : emit.call(process, name, ...rest);
  }) as typeof process.emit;
}

/** kafkajs has gzip alone; the others would stop its consumers and producers. */
function registerCodecs() {
  compressionNames.forEach((_, codec) => {
    if (codec < 2) return;
    kafkajs.CompressionCodecs[codec as 2 | 3 | 4] = () => ({
      compress: ({ buffer }: { buffer: Buffer }) => Promise.resolve(Buffer.from(compress(codec, buffer))),
      decompress: (bytes: Buffer) => Promise.resolve(Buffer.from(decompress(codec, bytes))),
    });
  });
}

import { Admin, type BaseOptions, type ClusterMetadata, type MetadataOptions } from "@platformatic/kafka";
import { type Failure, isFinalType } from "../failure.ts";
import type { GroupMember, GroupMemberOptions, KafkaClient, KnownTopic, TopicConnection } from "../client.ts";
import { type KafkaAddress, readAuthority } from "../url.ts";
import { PlatformaticConnection } from "./connection.ts";
import { PlatformaticMember } from "./member.ts";
import { LateError, withDeadline } from "../with_deadline.ts";
import { withListeners } from "./with_listeners.ts";

// The broker goes on after these bounds by itself.
const CONNECTION_TIMEOUT_MS = 5000;
const REQUEST_TIMEOUT_MS = 15_000;
/** Silence after which another broker is asked. */
const SILENT_MS = 4000;
const RETRIES = 4;
const FIRST_WAIT_MS = 100;
const LAST_WAIT_MS = 1000;

/** Errors that no retry helps. */
const FINAL_CODES = new Set([
  "PLT_KFK_AUTHENTICATION",
  "PLT_KFK_UNSUPPORTED_API",
  "PLT_KFK_UNSUPPORTED_COMPRESSION",
]);
const TOPIC_EXISTS = "TOPIC_ALREADY_EXISTS";

/** An error of the package, or what it was caused by: `apiId` is Kafka's own name of it. */
interface PlatformaticError extends Error {
  apiId?: string;
  code?: string;
  errors?: PlatformaticError[];
  cause?: PlatformaticError;
}

/** npm:@platformatic/kafka 2.12.1 as a client of the broker. */
export class PlatformaticClient implements KafkaClient {
  readonly #options: BaseOptions;
  #admin: Admin;

  private constructor(options: BaseOptions) {
    this.#options = options;
    this.#admin = withListeners(new Admin({ ...options }));
  }

  /** Sets the package up for a cluster; nothing connects yet. */
  static async create(address: KafkaAddress): Promise<PlatformaticClient> {
    const { sasl } = address;
    const ca = await readAuthority(address);
    return new PlatformaticClient({
      clientId: address.clientId,
      bootstrapBrokers: address.brokers,
      connectTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      timeout: REQUEST_TIMEOUT_MS,
      retries: RETRIES,
      retryDelay: (_client, _operation, attempt) =>
        Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), LAST_WAIT_MS),
      autocreateTopics: false,
      ...(address.tls ? { tls: ca === undefined ? {} : { ca } } : {}),
      ...(sasl === undefined ? {} : {
        sasl: {
          mechanism: sasl.mechanism.toUpperCase() as "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512",
          username: sasl.username,
          password: sasl.password,
        },
      }),
    });
  }

  async clusterId(): Promise<string> {
    return (await this.#ask({ topics: [], forceUpdate: true })).id;
  }

  async createTopic(topic: string, partitions: number): Promise<void> {
    try {
      await this.#admin.createTopics({ topics: [topic], partitions, replicas: -1 });
    } catch (error) {
      if (this.explain(error).type !== TOPIC_EXISTS) throw error;
    }
  }

  async topic(name: string): Promise<KnownTopic> {
    try {
      const { topics } = await this.#ask({ topics: [name], forceUpdate: true, retries: 0 });
      const found = topics.get(name);
      const id = found?.id.replaceAll("-", "");
      return {
        // For a cluster that knows no ids, the package gives the name, and Kafka zeros.
        id: id === name || /^0*$/.test(id ?? "") ? undefined : id,
        leaders: found?.partitions.map(({ leader }) => leader) ?? [],
      };
    } catch (error) {
      // The package makes a message of Kafka's answer.
      if ((error as Error).message === `Unknown topic ${name}.`) return { id: undefined, leaders: [] };
      throw error;
    }
  }

  connect(topic: string): Promise<TopicConnection> {
    return PlatformaticConnection.open(this.#options, topic);
  }

  createMember(options: GroupMemberOptions): GroupMember {
    return new PlatformaticMember(this.#options, options);
  }

  readonly explain = (error: unknown): Failure => {
    let type: string | undefined;
    let isFinal = false;
    let message = "";
    const look = (at: PlatformaticError | undefined, depth: number) => {
      if (at === undefined || at === null || depth > 8) return;
      type ??= at.apiId;
      isFinal ||= FINAL_CODES.has(at.code ?? "") || isFinalType(at.apiId);
      // The innermost error says what happened, those around it how often it was tried.
      message = at.message;
      look(at.errors?.at(-1), depth + 1);
      look(at.cause, depth + 1);
    };
    look(error as PlatformaticError, 0);
    return { type, isFinal, message };
  };

  async close(): Promise<void> {
    await this.#admin.close();
  }

  /** Asks one broker after another: one that is frozen takes connections and says nothing, for as long as it is. */
  async #ask(question: MetadataOptions): Promise<ClusterMetadata> {
    const options = this.#options;
    for (let others = options.bootstrapBrokers.length - 1;; others--) {
      const asking = this.#admin.metadata(question);
      try {
        return await (others > 0 ? withDeadline(asking, SILENT_MS, "answer") : asking);
      } catch (error) {
        if (others <= 0 || !(error instanceof LateError)) throw error;
        asking.catch(() => {});
        this.#admin.close().catch(() => {}); // it waits for the silent one
        const [silent, ...next] = options.bootstrapBrokers;
        options.bootstrapBrokers = [...next, silent] as typeof options.bootstrapBrokers;
        this.#admin = withListeners(new Admin({ ...options }));
      }
    }
  }
}

export interface KafkaPropertiesOptions {
  dataDir: string;
  user: string;
  password: string;
  /** PEM file with the broker's private key (PKCS #8) followed by its certificate. */
  keystoreFile: string;
  /** PEM file of the authority that signed it. */
  caFile: string;
}

/** The roles of Kafka's ports, in the order of its block; `advertised` is left free for a fault proxy. */
export const kafkaPortRoles = [
  "plaintext",
  "sasl",
  "tls",
  "saslTls",
  "proxied",
  "advertised",
  "controller",
] as const;

const PROTOCOLS = {
  PLAINTEXT: "PLAINTEXT",
  SASL: "SASL_PLAINTEXT",
  TLS: "SSL",
  SASLTLS: "SASL_SSL",
  PROXIED: "PLAINTEXT",
  CONTROLLER: "PLAINTEXT",
} as const;

/**
 * Returns the `server.properties` of a Kafka broker that is its own controller (KRaft) on 127.0.0.1, made for tests.
 *
 * A topic exists only when somebody makes it, internal topics have one replica, a consumer group does not wait for more
 * members, and the SASL listeners take PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 (the SCRAM users are made when the data
 * folder is formatted). Throws a RangeError when user or password could break out of their quotes.
 *
 * @example
 * ```ts
 * const text = kafkaProperties(
 *   { plaintext: 1, sasl: 2, tls: 3, saslTls: 4, proxied: 5, advertised: 6, controller: 7 },
 *   { dataDir: "/d", user: "u", password: "p", keystoreFile: "/k.pem", caFile: "/ca.crt" },
 * );
 * if (!text.includes("PROXIED://127.0.0.1:6")) throw new Error("clients of the proxied listener must come to 6");
 * ```
 */
export function kafkaProperties(ports: Record<string, number>, options: KafkaPropertiesOptions): string {
  const { dataDir, user, password, keystoreFile, caFile } = options;
  for (const [name, value] of Object.entries({ user, password })) {
    if (!/^[A-Za-z0-9]+$/.test(value)) {
      throw new RangeError(
        `Cannot configure Kafka as ${name} must be letters and digits: current value has ${value.length} characters`,
      );
    }
  }
  const at = (name: string, role: string) => `${name}://127.0.0.1:${ports[role]}`;
  const listeners = [
    at("PLAINTEXT", "plaintext"),
    at("SASL", "sasl"),
    at("TLS", "tls"),
    at("SASLTLS", "saslTls"),
  ];
  const scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;";
  const plain = "org.apache.kafka.common.security.plain.PlainLoginModule required " +
    `user_${user}="${password}";`;
  const perSaslListener = ["sasl", "sasltls"].flatMap((name) => [
    [`listener.name.${name}.sasl.enabled.mechanisms`, "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512"],
    [`listener.name.${name}.plain.sasl.jaas.config`, plain],
    [`listener.name.${name}.scram-sha-256.sasl.jaas.config`, scram],
    [`listener.name.${name}.scram-sha-512.sasl.jaas.config`, scram],
  ]);
  const properties = [
    ["process.roles", "broker,controller"],
    ["node.id", "1"],
    ["controller.quorum.voters", `1@127.0.0.1:${ports.controller}`],
    ["listeners", [...listeners, at("PROXIED", "proxied"), at("CONTROLLER", "controller")].join(",")],
    ["advertised.listeners", [...listeners, at("PROXIED", "advertised")].join(",")],
    [
      "listener.security.protocol.map",
      Object.entries(PROTOCOLS).map(([name, protocol]) => `${name}:${protocol}`).join(","),
    ],
    ["controller.listener.names", "CONTROLLER"],
    ["inter.broker.listener.name", "PLAINTEXT"],
    ["log.dirs", dataDir],
    ["auto.create.topics.enable", "false"],
    ["num.partitions", "1"],
    ["default.replication.factor", "1"],
    ["offsets.topic.replication.factor", "1"],
    ["offsets.topic.num.partitions", "4"],
    ["transaction.state.log.replication.factor", "1"],
    ["transaction.state.log.min.isr", "1"],
    ["transaction.state.log.num.partitions", "4"],
    ["share.coordinator.state.topic.replication.factor", "1"],
    ["share.coordinator.state.topic.min.isr", "1"],
    ["group.initial.rebalance.delay.ms", "0"],
    ["group.min.session.timeout.ms", "1000"],
    // Well above a record of 1 MiB, which the pipeline must send to the dead letters with headers on top.
    ["message.max.bytes", "4194304"],
    ["ssl.keystore.type", "PEM"],
    ["ssl.keystore.location", keystoreFile],
    ["ssl.truststore.type", "PEM"],
    ["ssl.truststore.location", caFile],
    ["ssl.client.auth", "none"],
    ...perSaslListener,
  ];
  return properties.map(([key, value]) => `${key}=${value.replaceAll("\\", "\\\\")}\n`).join("");
}

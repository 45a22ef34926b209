import type { KafkaService, Service } from "../../../src/testing/services.ts";
import { authorityFile } from "./certificates.ts";
import type { ServerCommand, ServiceDefinition } from "../definition.ts";
import { installStep } from "./install_step.ts";
import { askKafkaMetadata } from "./kafka_metadata.ts";
import { kafkaPortRoles, kafkaProperties } from "./kafka_properties.ts";
import { shell } from "../shell.ts";

const VERSION = "4.1.1";
/** Writes the broker's log to standard error; the version that fits the slf4j-api which the broker brings. */
const SLF4J_VERSION = "1.7.36";

/** Returns a Maven project whose run-time dependencies are the broker with everything it needs. */
export function kafkaPom(version: string, slf4jVersion: string): string {
  const dependency = (group: string, artifact: string, wanted: string) =>
    `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${wanted}</version></dependency>`;
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>edgewood</groupId><artifactId>services</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    ${dependency("org.apache.kafka", "kafka_2.13", version)}
    ${dependency("org.slf4j", "slf4j-simple", slf4jVersion)}
  </dependencies>
</project>
`;
}

function randomClusterId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] &= 0x7f; // no leading "-" in base64url, which a command line would take for an option
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

/** Formats a broker's data folder unless that was done. */
export async function formatKafka(
  { installDir, dataDir, propertiesFile }: Record<"installDir" | "dataDir" | "propertiesFile", string>,
  clusterId: string,
  options: readonly string[] = [],
): Promise<void> {
  const { code, stderr } = await shell('test -e "$1/meta.properties" && exit 0; shift; exec "$@"', [
    ...[dataDir, "java", "-cp", `${installDir}/lib/*`, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"],
    ...["kafka.tools.StorageTool", "format", "--cluster-id", clusterId, "--config", propertiesFile],
    ...options,
  ]);
  if (code === 0) return;
  throw new Error(
    `Cannot format Kafka's data folder ${dataDir} as kafka.tools.StorageTool must succeed: ` +
      `current value is exit code ${code}, ${stderr.split("\n").at(-1)}`,
  );
}

/** The command that runs a broker with a heap of at most so many MB. */
export function kafkaCommand(installDir: string, propertiesFile: string, heapMb: number): ServerCommand {
  return {
    // deno-fmt-ignore
    command: [
      "java", "-Xms128m", `-Xmx${heapMb}m`, "-XX:+UseG1GC", "-XX:+ExitOnOutOfMemoryError", "-Djava.awt.headless=true",
      "-Dorg.slf4j.simpleLogger.showDateTime=true", "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss,SSS",
      "-Dorg.slf4j.simpleLogger.defaultLogLevel=info", "-cp", `${installDir}/lib/*`, "kafka.Kafka", propertiesFile,
    ],
  };
}

/**
 * Apache Kafka as one broker that is its own controller (KRaft), with a listener for each way of connecting.
 *
 * Its jars come from Maven Central; Java 17 or newer runs them with a 512 MB heap. Ready when it answers a metadata
 * request with itself as leader. The data folder is formatted on the first start with the SCRAM users.
 */
export const kafka: ServiceDefinition = {
  name: "kafka",
  title: "Kafka",
  firstPort: 29_390,
  portRoles: kafkaPortRoles,
  stopSignal: "SIGTERM",
  stopDeadlineMs: 15_000,

  install: async (context) => {
    const java = "install a Java runtime, 17 or newer";
    return await installStep(`kafka-${VERSION}`, context, {
      needs: { java, mvn: "install Maven" },
      doing: "fetching the Kafka broker with Maven",
      script: 'java -version && cd "$1" && printf "%s" "$2" >pom.xml && ' +
        "mvn --quiet --batch-mode dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=lib",
      args: [kafkaPom(VERSION, SLF4J_VERSION)],
    });
  },

  version: () => VERSION,

  prepare: async ({ runDir, installDir, settings: { ports, user, password }, authority }) => {
    const { caFile, issue } = await authority();
    const { keyFile, certificateFile } = await issue(`${runDir}/tls`);
    const keystoreFile = `${runDir}/tls/keystore.pem`;
    const dataDir = `${runDir}/data`;
    const propertiesFile = `${runDir}/server.properties`;
    const owner = { mode: 0o600 };
    await Deno.writeTextFile(
      keystoreFile,
      await Deno.readTextFile(keyFile) + await Deno.readTextFile(certificateFile),
      owner,
    );
    const options = { dataDir, user, password, keystoreFile, caFile };
    await Deno.writeTextFile(propertiesFile, kafkaProperties(ports, options), owner);
    await formatKafka({ installDir, dataDir, propertiesFile }, randomClusterId(), [
      ...["--add-scram", `SCRAM-SHA-256=[name=${user},password=${password}]`],
      ...["--add-scram", `SCRAM-SHA-512=[name=${user},password=${password}]`],
    ]);
    return kafkaCommand(installDir, propertiesFile, 512);
  },

  askReady: async ({ settings: { ports } }) => {
    const { brokers, controllerId } = await askKafkaMetadata("127.0.0.1", ports.plaintext);
    if (!brokers.some(({ id, port }) => id === controllerId && port === ports.plaintext)) {
      const seen = JSON.stringify({ brokers, controllerId });
      throw new Error(`the broker must be registered and lead its cluster: current value is ${seen}`);
    }
  },

  describe: ({ runDir, settings: { ports } }): Omit<KafkaService, keyof Service> & { url: string } => {
    const at = (role: typeof kafkaPortRoles[number]) => `127.0.0.1:${ports[role]}`;
    return {
      url: `kafka://${at("plaintext")}`,
      listeners: { plaintext: at("plaintext"), sasl: at("sasl"), tls: at("tls"), saslTls: at("saslTls") },
      proxied: { upstream: at("proxied"), advertised: at("advertised") },
      caFile: authorityFile(runDir),
    };
  },
};

/** Topics that other clients filled, each codec of theirs. */
import { openPythonClients } from "../../services/python_clients.ts";
import { assertEquals } from "../../../src/testing/assert.ts";
import { needs } from "../../../src/testing/services.ts";
import { newTopic, numbersOf, range, readAll } from "../../../src/broker/kafka/testing/numbered_records.ts";
import { kafkaClients } from "../../../src/broker/kafka/testing/clients.ts";

const CODECS = ["none", "gzip", "snappy", "lz4", "zstd"];
const RECORDS = 500;

const BY_PYTHON = `
import sys
from confluent_kafka import Producer
servers, topic, codecs, records = sys.argv[1], sys.argv[2], sys.argv[3].split(","), int(sys.argv[4])
number = 0
for codec in codecs:
    producer = Producer({"bootstrap.servers": servers, "compression.type": codec, "linger.ms": 50})
    for _ in range(records):
        producer.produce(topic, key="k", value=str(number), partition=0)
        number += 1
    if producer.flush(60) > 0:
        sys.exit("not all was delivered")
`;

const BY_JAVA = `
import java.util.Properties;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.serialization.StringSerializer;
public class Fill {
  public static void main(String[] args) {
    int number = 0;
    for (String codec : args[2].split(",")) {
      Properties settings = new Properties();
      settings.put("bootstrap.servers", args[0]);
      settings.put("compression.type", codec);
      settings.put("linger.ms", "50");
      try (Producer<String, String> producer =
          new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
        for (int i = 0; i < Integer.parseInt(args[3]); i++)
          producer.send(new ProducerRecord<>(args[1], 0, "k", String.valueOf(number++)));
      }
    }
  }
}
`;

const kafka = await needs("kafka");
const python = kafka.ignore ? kafka.reason : await openPythonClients();
const javaFolder = await withCompiler();

/** Where Kafka's own jars are, if a Java compiler is here. */
async function withCompiler(): Promise<string | undefined> {
  if (kafka.ignore) return undefined;
  try {
    const { stdout } = await new Deno.Command("java", { args: ["--list-modules"] }).output();
    if (!new TextDecoder().decode(stdout).includes("jdk.compiler")) return undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const cache = new URL("../../../.services/cache/", import.meta.url);
  for await (const { name, isDirectory } of Deno.readDir(cache)) {
    if (isDirectory && name.startsWith("kafka-")) return new URL(`${name}/lib/`, cache).pathname;
  }
  return undefined;
}

async function runJava(jars: string, args: string[]): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/Fill.java`, BY_JAVA);
    const { success, stderr } = await new Deno.Command("java", {
      args: ["-cp", `${jars}*`, `${folder}/Fill.java`, ...args],
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const fillers: [name: string, reason: string | undefined, fill: (...args: string[]) => Promise<unknown>][] = [
  ["Python's confluent-kafka", typeof python === "string" ? python : undefined, (...args) => {
    if (typeof python === "string") throw new Error(python);
    return python.run(BY_PYTHON, ...args);
  }],
  ["the Java client", javaFolder === undefined ? "no Java compiler" : undefined, (...args) => {
    if (javaFolder === undefined) throw new Error("no Java compiler");
    return runJava(javaFolder, args);
  }],
];

for (const [filler, reason, fill] of fillers) {
  Deno.test({
    name: `kafka broker: reads what ${filler} compressed by each codec${
      reason ? ` (skipped: ${reason})` : ""
    }`,
    ignore: reason !== undefined,
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const { listeners, url } = kafka.services.kafka;
      await using setup = await kafkaClients.kafkajs(url);
      const topic = newTopic();
      await setup.ensureTopic(topic);
      await fill(listeners.plaintext, topic, CODECS.join(","), String(RECORDS));
      const expected = range(0, CODECS.length * RECORDS);
      for (const open of Object.values(kafkaClients)) {
        await using broker = await open(url);
        assertEquals(await readAll(broker, topic), expected);
        // And as a member of a group, as the consumer does.
        await using subscription = await broker.subscribe(topic, `${topic}-${crypto.randomUUID()}`);
        const numbers: number[] = [];
        for await (const event of subscription) {
          if (event.type === "batch") numbers.push(...numbersOf(event.batch));
          if (event.type === "idle") break;
        }
        assertEquals(numbers, expected);
      }
    },
  });
}

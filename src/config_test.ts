import { assert, assertEquals, assertThrows } from "./testing/assert.ts";
import { ALERT_CHANNELS } from "./adapters.ts";
import { DEFAULTS, readAlertTargets, readConfig, SettingsError, withoutSecrets } from "./config.ts";

const environment = (values: Record<string, string>) => (name: string) => values[name];

Deno.test("readConfig() takes flags before the environment before defaults", () => {
  const config = readConfig(
    { stream: "sqlite:flag.db" },
    environment({ STREAM_URL: "sqlite:env.db", LEDGER_URL: "sqlite:env2.db", OBJECTS_URL: "" }),
  );
  assertEquals(config, { ...DEFAULTS, stream: "sqlite:flag.db", ledger: "sqlite:env2.db" });
});

Deno.test("readConfig() names every problem at once, and where it came from, and no password", () => {
  const error = assertThrows(
    () =>
      readConfig(
        { stream: "kafka:", objects: "s4://a" },
        environment({ LEDGER_URL: "mysql://root:hunter2@db/x" }),
      ),
    SettingsError,
  );
  for (const part of ["--stream", "--objects", "s4://a", "LEDGER_URL", "mysql://root:…@db"]) {
    assert(error.message.includes(part), error.message);
  }
  assert(!error.message.includes("hunter2"));
});

Deno.test("readAlertTargets() takes lists from the environment, and flags before them", () => {
  const read = environment({
    WEBHOOK_URLS: " https://a/x,\n webhook+slack:https://b/y ",
    WEBHOOK_SECRET: "new,old",
    PUBLIC_URL: "https://page",
  });
  const none = Object.fromEntries(ALERT_CHANNELS.map(({ name }) => [name, []]));
  const settings = {
    addresses: { ...none, webhook: ["https://a/x", "webhook+slack:https://b/y"] },
    secrets: { ...none, webhook: ["new", "old"] },
    publicUrl: "https://page",
  };
  assertEquals(readAlertTargets({}, read), settings);
  const flags = { addresses: { webhook: ["https://c"] }, publicUrl: "http://other" };
  const addresses = { ...none, ...flags.addresses };
  assertEquals(readAlertTargets(flags, read), { ...settings, ...flags, addresses });
  assertEquals(readAlertTargets({}, environment({})), { addresses: none, secrets: none });
  for (const [flag, from] of [["javascript:alert(1)", "--public-url"], [undefined, "PUBLIC_URL"]] as const) {
    const error = assertThrows(
      () => readAlertTargets({ publicUrl: flag }, environment({ PUBLIC_URL: "https:/x" })),
      SettingsError,
    );
    assert(error.message.includes(from), error.message);
  }
});

Deno.test("withoutSecrets() covers passwords only", () => {
  assertEquals(withoutSecrets("kafka://user:secret@h:9092/a"), "kafka://user:…@h:9092/a");
  assertEquals(withoutSecrets("kafka://h:9092"), "kafka://h:9092");
  assertEquals(withoutSecrets("sqlite:a.db"), "sqlite:a.db");
});

Deno.test("readConfig() reads the client of a Kafka stream, and of no other", () => {
  const read = environment({ KAFKA_CLIENT: "platformatic" });
  assertEquals(readConfig({ stream: "kafka://h:9092" }, read).kafkaClient, "platformatic");
  assertEquals(readConfig({ stream: "kafka://h:9092" }, environment({})).kafkaClient, "kafkajs");
  const denied = (name: string) => {
    if (name === "KAFKA_CLIENT") throw new Error("not asked for");
    return undefined;
  };
  assertEquals(readConfig({}, denied).kafkaClient, "kafkajs");
  assertThrows(
    () => readConfig({ stream: "kafka://h:9092" }, environment({ KAFKA_CLIENT: "librdkafka" })),
    SettingsError,
    'KAFKA_CLIENT must be one of kafkajs, platformatic: current value is "librdkafka"',
  );
});

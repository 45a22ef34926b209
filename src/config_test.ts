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
  for (const part of ["--stream", "--objects", "s4://a", "LEDGER_URL", "mysql://…@db"]) {
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

Deno.test("withoutSecrets() covers user and password only", () => {
  for (const url of ["s3://k:se/cr@t@h/b", "mysql:k:se?cr@h", "s3://k:1/se@h/b"]) {
    assert(!/se|cr/.test(withoutSecrets(url)), withoutSecrets(url));
  }
  assertEquals(withoutSecrets("kafka://user:secret@h:9092/a"), "kafka://…@h:9092/a");
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

Deno.test("readConfig() and readAlertTargets() take every secret from a file, too, and logins apart from URLs", () => {
  const folder = Deno.makeTempDirSync();
  const file = (name: string, text: string) => {
    Deno.writeTextFileSync(`${folder}/${name}`, text);
    return `${folder}/${name}`;
  };
  const set = {
    STREAM_URL_FILE: file("stream", "kafka://k:9092?sasl=scram-sha-512\n"),
    STREAM_USER: "ann",
    STREAM_PASSWORD_FILE: file("sasl", "se/cr@t\n"),
    LEDGER_URL: "postgres://bob@db/edgewood",
    LEDGER_PASSWORD_FILE: file("pg", "p:w"),
    OBJECTS_URL: "s3://h:9000/bucket",
    OBJECTS_USER_FILE: file("key", "access"),
    OBJECTS_PASSWORD_FILE: file("secret", "a+b/c"),
    WEBHOOK_URLS_FILE: file("hooks", "https://a/x\nhttps://b/y\n"),
    WEBHOOK_SECRET_FILE: file("hmac", "new,old"),
  };
  const { stream, ledger, objects } = readConfig({}, environment(set));
  assertEquals([stream, ledger, objects], [
    "kafka://ann:se%2Fcr%40t@k:9092?sasl=scram-sha-512",
    "postgres://bob:p%3Aw@db/edgewood",
    "s3://access:a%2Bb%2Fc@h:9000/bucket",
  ]);
  const targets = readAlertTargets({}, environment(set));
  assertEquals([targets.addresses.webhook, targets.secrets.webhook], [["https://a/x", "https://b/y"], [
    "new",
    "old",
  ]]);
  // A password in the URL wins, and an embedded engine has none.
  const own = { ...set, LEDGER_URL: "postgres://c:d@db/e", OBJECTS_URL: "file:o" };
  const config = readConfig({}, environment(own));
  assertEquals([config.ledger, config.objects], ["postgres://c:d@db/e", "file:o"]);
  for (
    const [changes, problem] of [
      [{ STREAM_URL: "kafka://k" }, "STREAM_URL and STREAM_URL_FILE"],
      [
        { LEDGER_PASSWORD_FILE: `${folder}/absent` },
        "LEDGER_PASSWORD_FILE must name a file that can be read",
      ],
      [{ LEDGER_PASSWORD_FILE: file("empty", "\n") }, "is empty"],
    ] as const
  ) {
    assertThrows(() => readConfig({}, environment({ ...set, ...changes })), SettingsError, problem);
  }
});

import { assert, assertEquals, assertThrows } from "./testing/assert.ts";
import { DEFAULTS, readConfig, withoutSecrets } from "./config.ts";

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
    TypeError,
  );
  for (const part of ["--stream", "--objects", "s4://a", "LEDGER_URL", "mysql://root:…@db"]) {
    assert(error.message.includes(part), error.message);
  }
  assert(!error.message.includes("hunter2"));
});

Deno.test("withoutSecrets() covers passwords only", () => {
  assertEquals(withoutSecrets("kafka://user:secret@h:9092/a"), "kafka://user:…@h:9092/a");
  assertEquals(withoutSecrets("kafka://h:9092"), "kafka://h:9092");
  assertEquals(withoutSecrets("sqlite:a.db"), "sqlite:a.db");
});

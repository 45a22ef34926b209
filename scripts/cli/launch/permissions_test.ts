import { assert, assertEquals } from "../../../src/testing/assert.ts";
import { COMMANDS } from "../../commands/list.ts";
import { permissionsFor } from "./permissions.ts";

const NOTHING_SET = () => undefined;

/** What follows a flag of permissions, or undefined where it is not given. */
function allowed(flags: readonly string[], what: string): string[] | undefined {
  const flag = flags.find((each) => each.split("=")[0] === `--allow-${what}`);
  return flag === undefined
    ? undefined
    : flag.includes("=")
    ? flag.slice(flag.indexOf("=") + 1).split(",")
    : [];
}

Deno.test("permissionsFor() never allows all, a program, or a network without a server", () => {
  for (const command of COMMANDS.map((each) => each.name())) {
    const flags = permissionsFor(command, [], NOTHING_SET);
    assert(flags.includes("--no-prompt"));
    for (const what of ["all", "run", "ffi", "net", "sys", "import"]) {
      assertEquals(allowed(flags, what), undefined);
    }
    assert(!flags.includes("-A"));
    for (const name of ["env", "read", "write"]) {
      assert(allowed(flags, name)?.length !== 0, `${name} without a list`);
    }
  }
});

Deno.test("permissionsFor() follows the embedded engines, by flag before setting before default", () => {
  const read = (name: string) => name === "LEDGER_URL" ? "sqlite:/srv/l/ledger.db" : undefined;
  const flags = permissionsFor("consume", ["--objects=file:/srv/o", "--model", "/srv/m"], read);
  assertEquals(allowed(flags, "write"), [".edgewood", "/srv/l", "/srv/o"]);
  assertEquals(allowed(flags, "read")?.toSorted(), [".edgewood", "/srv/l", "/srv/m", "/srv/o", "build"]);
  const both = permissionsFor("consume", ["--ledger", "sqlite:/a/x.db", "--ledger", "sqlite:/b/x.db"], read);
  assert(allowed(both, "write")?.includes("/b"));
  assert(!allowed(both, "write")?.includes("/srv/l"));
});

Deno.test("permissionsFor() names the hosts of servers, and nobody's password", () => {
  const args = [
    ...["--ledger", "postgres://u:secret@db.local/edgewood?sslrootcert=/etc/ca.pem"],
    ...["--objects", "s3://k:secret@store.local:9000/bucket"],
  ];
  const flags = permissionsFor("verify", args, NOTHING_SET);
  assertEquals(allowed(flags, "net")?.toSorted(), ["db.local:5432", "store.local:9000"]);
  assert(allowed(flags, "read")?.includes("/etc/ca.pem"));
  assert(!flags.join(" ").includes("secret"));
  // The first broker names the others.
  assertEquals(allowed(permissionsFor("verify", ["--stream", "kafka://k:9092"], NOTHING_SET), "net"), []);
});

Deno.test("permissionsFor() names the hosts of webhooks that are told, and keeps the rest of their addresses", () => {
  const args = ["--alerts", "console,webhook", "--webhook", "https://hooks.example/secret"];
  const more = [...args, "--webhook=webhook+slack:https://u:secret@slack.example:8443/secret"];
  const flags = permissionsFor("consume", more, NOTHING_SET);
  assertEquals(allowed(flags, "net"), ["hooks.example:443", "slack.example:8443"]);
  assert(!flags.join(" ").includes("secret"));
  assert(allowed(flags, "env")?.includes("WEBHOOK_SECRET"));
  const read = (name: string) => name === "WEBHOOK_URLS" ? "http://127.0.0.1:8000/a, nonsense" : undefined;
  assertEquals(allowed(permissionsFor("consume", ["--alerts=webhook"], read), "net"), ["127.0.0.1:8000"]);
  assertEquals(allowed(permissionsFor("consume", ["--alerts=topic"], read), "net"), undefined);
  assertEquals(allowed(permissionsFor("verify", args, read), "net"), undefined);
  assert(!allowed(permissionsFor("verify", args, read), "env")?.includes("WEBHOOK_SECRET"));
});

Deno.test("permissionsFor() takes files by either spelling, and - for none", () => {
  for (const args of [["--input", "in.csv"], ["--input=in.csv"]]) {
    assertEquals(allowed(permissionsFor("produce", args, NOTHING_SET), "read"), ["in.csv", ".edgewood"]);
  }
  const flags = permissionsFor("score", ["--model", "model", "--input", "-", "--output", "-"], NOTHING_SET);
  assertEquals(allowed(flags, "read"), ["build", "model"]);
  assertEquals(allowed(flags, "write"), undefined);
  const notes: string[] = [];
  const widened = permissionsFor(
    "produce",
    ["--input", "in/a,b/c.csv"],
    NOTHING_SET,
    undefined,
    (note) => notes.push(note),
  );
  assertEquals([allowed(widened, "read"), notes.length], [["in", ".edgewood"], 1]);
});

Deno.test("permissionsFor() allows nothing of engines whose settings are wrong", () => {
  const flags = permissionsFor("consume", ["--stream", "ftp://somewhere"], NOTHING_SET);
  assertEquals([allowed(flags, "net"), allowed(flags, "write")], [undefined, undefined]);
  // So that the command can say what is wrong with it.
  assert(allowed(flags, "env")?.includes("KAFKA_CLIENT"));
});

Deno.test("permissionsFor() gives each Kafka client what it reads, and no other client's", () => {
  const flagsOf = (client: string) =>
    permissionsFor(
      "verify",
      ["--stream", "kafka://k:9092"],
      (name) => name === "KAFKA_CLIENT" ? client : undefined,
    );
  const [kafkajs, platformatic] = [flagsOf("kafkajs"), flagsOf("platformatic")];
  assert(allowed(kafkajs, "env")?.includes("KAFKAJS_LOG_LEVEL") && !kafkajs.includes("--ignore-env"));
  assertEquals(allowed(kafkajs, "sys"), ["hostname", "uid"]);
  assertEquals(allowed(platformatic, "env")?.filter((name) => /^KAFKA|NODE/.test(name)), ["KAFKA_CLIENT"]);
  assert(platformatic.includes("--ignore-env"));
  assertEquals(allowed(platformatic, "sys"), undefined);
  const reads = (flags: string[]) =>
    allowed(flags, "read")!.filter((path) => !path.includes(".edgewood") && path !== "build");
  assertEquals(reads(kafkajs), []);
  assertEquals(reads(platformatic).map((path) => path.split("/").slice(-3, -1)), [[
    "@platformatic",
    "wasm-utils",
  ]]);
});

Deno.test("permissionsFor() lets demo listen and open a browser with --open alone", () => {
  const isThere = (path: string) => path;
  const plain = permissionsFor("demo", [], () => undefined, isThere).join(" ");
  assert(!/--allow-(net|run)/.test(plain), plain);
  const open = permissionsFor("demo", ["--open"], () => undefined, isThere);
  assert(open.includes("--allow-net=127.0.0.1:8080"), String(open));
  const elsewhere = permissionsFor(
    "demo",
    ["--open", "--http", "127.0.0.1:9"],
    () => undefined,
    () => undefined,
  );
  assert(elsewhere.includes("--allow-net=127.0.0.1:9"), String(elsewhere));
  assert(!elsewhere.some((flag) => flag.startsWith("--allow-run")), String(elsewhere));
});

Deno.test("permissionsFor() names an embedded database alone where its folder is there", () => {
  const flags = permissionsFor(
    "verify",
    ["--ledger", "sqlite:ledger.db"],
    NOTHING_SET,
    (path) => path === "." ? "/home/ann" : undefined,
  );
  const writes = allowed(flags, "write")!;
  assert(writes.includes("ledger.db") && writes.includes("/home/ann/ledger.db"), String(writes));
  assert(!writes.includes(".") && !writes.includes("/home/ann"), String(writes));
});

Deno.test("permissionsFor() has nothing of a secret, whatever its characters", () => {
  const urls = [
    ["--objects", "s3://key:sec/ret@store.local:9000/bucket"],
    ["--ledger", "postgres://ann:sec/ret@db.local/edgewood"],
    ["--ledger", "postgres://ann:sec@ret@db.local/edgewood"],
    ["--stream", "kafka://ann:sec/ret@k:9092?sasl=plain"],
  ];
  for (const args of urls) {
    const flags = permissionsFor("verify", args, NOTHING_SET).join(" ");
    assert(!/sec|ret/.test(flags), flags);
  }
});

Deno.test("permissionsFor() lets S3 over TLS use the system's authorities where none is named", () => {
  const flagsOf = (url: string, read = NOTHING_SET as (name: string) => string | undefined) =>
    permissionsFor("verify", ["--objects", url], read);
  const own = flagsOf(
    "s3://k:s@store.local/bucket",
    (name) => name === "NODE_EXTRA_CA_CERTS" ? "/etc/ca.pem" : undefined,
  );
  assert(own.includes("--allow-sys"), String(own));
  assert(
    allowed(own, "env")?.includes("NODE_EXTRA_CA_CERTS") && allowed(own, "read")?.includes("/etc/ca.pem"),
  );
  for (const url of ["s3://k:s@store.local:9000/bucket", "s3://k:s@store.local/bucket?cafile=/ca.pem"]) {
    assertEquals(allowed(flagsOf(url), "sys"), undefined, url);
  }
});

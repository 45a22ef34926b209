import { DeliveryError } from "../../runtime/delivery_error.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../../testing/assert.ts";
import { patience } from "../../testing/patience.ts";
import { openPostgresLedger } from "./ledger.ts";
import { readPostgresAddress, tlsOptions } from "./address.ts";
import { ledgerError } from "./error.ts";
import { logTableOf } from "./log_days.ts";

const LIMITS = { connectTimeoutMs: 200, queryTimeoutMs: 200, deadlineMs: 600, onTrouble: () => {} };

Deno.test("readPostgresAddress() reads every part of a URL", () => {
  const address = readPostgresAddress(
    "postgresql://a%40b:p%2Fw@[::1]:5433/led%20ger?sslmode=verify-ca&schema=s1&retention_days=30&application_name=x",
  );
  assertEquals(
    [address.user, address.password, address.host, address.port, address.database, address.sslMode],
    ["a@b", "p/w", "::1", 5433, "led ger", "verify-ca"],
  );
  assertEquals([address.schema, address.retentionDays, address.applicationName], ["s1", 30, "x"]);
  assert(!address.name.includes("p/w") && !address.name.includes("p%2Fw"));
  const other = readPostgresAddress("postgres://a:b@h/d");
  assertEquals([other.schema, other.retentionDays, other.port], ["edgewood", undefined, 5432]);
  assertEquals(readPostgresAddress("postgres://a@h/d?sslrootcert=/ca.pem").sslMode, "verify-full");
  assertEquals(readPostgresAddress("postgres://a@h/d").password, undefined);
});

Deno.test("readPostgresAddress() says what of a URL cannot be used, without its password", () => {
  for (
    const [url, part] of [
      ["nonsense", "be a URL"],
      ["mysql://a:secret@h/d", "postgres://"],
      ["postgres:///d", "host"],
      ["postgres://a:secret@h", "database"],
      ["postgres://a:secret@h/", "database"],
      ["postgres://h/d", "user"],
      ["postgres://a:se/cret@h/d", "percent-encoded"],
      ["postgres://a:12/secret@h/d", "percent-encoded"],
      ["postgres://a:12?secret@h/d", "percent-encoded"],
      ["postgres://a:secret%zz@h/d", "percent-encoded"],
      ["postgres://a:secret@h/d?sslmode=prefer", "sslmode"],
      ["postgres://a:secret@h/d?ssl=true", "ssl"],
      ["postgres://a:secret@h/d?schema=x;DROP", "schema"],
      ["postgres://a:secret@h/d?schema=", "schema"],
      ["postgres://a:secret@h/d?retention_days=0", "retention_days"],
      ["postgres://a:secret@h/d?retention_days=2.5", "retention_days"],
    ]
  ) {
    const error = assertThrows(() => readPostgresAddress(url), RangeError, part);
    assert(!/secret|cret@/.test(error.message), error.message);
  }
});

Deno.test("tlsOptions() follows libpq's modes", () => {
  const of = (parameters: string, authority?: string) =>
    tlsOptions(readPostgresAddress(`postgres://a@h/d?${parameters}`), authority);
  assertEquals(of("sslmode=disable"), false);
  assertEquals(of("sslmode=require"), { rejectUnauthorized: false });
  const requiring = of("sslmode=require&sslrootcert=x", "PEM");
  assert(requiring !== false);
  assertEquals([requiring.rejectUnauthorized, requiring.ca], [true, "PEM"]);
  assertEquals(requiring.checkServerIdentity?.("other", {} as never), undefined);
  assertEquals(of("sslmode=verify-full", "PEM"), { rejectUnauthorized: true, ca: "PEM" });
});

Deno.test("openPostgresLedger() gives up within its time limits on a server that never answers", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const connection of listener) connections.push(connection);
  })();
  const startedAt = performance.now();
  const error = await assertRejects(
    () => openPostgresLedger(`postgres://a:b@127.0.0.1:${(listener.addr as Deno.NetAddr).port}/d`, LIMITS),
    DeliveryError,
    "Cannot open the ledger",
  );
  assertEquals(error.retriable, true);
  assert(performance.now() - startedAt < patience(3_000));
  assert(connections.length > 1, "tried again");
  for (const connection of connections) connection.close();
  listener.close();
  await accepting;
});

Deno.test("openPostgresLedger() gives up within its time limits where nothing listens", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const error = await assertRejects(
    () => openPostgresLedger(`postgres://a:b@127.0.0.1:${port}/d`, LIMITS),
    DeliveryError,
  );
  assertEquals(error.retriable, true);
});

Deno.test("ledgerError() keeps the program's own faults, and tells retriable ones of the server", () => {
  const fault = new TypeError("x is not a function");
  assertEquals(ledgerError(fault, "commit", "l"), fault);
  for (
    const [code, retriable] of [
      ["40P01", true],
      ["53100", true],
      ["57P01", true],
      ["08006", true],
      ["25P03", true],
      ["23505", false],
      ["42501", false],
      ["22021", false],
    ] as const
  ) {
    const said = Object.assign(new Error("said"), { code, severity: "ERROR" });
    const error = ledgerError(said, "commit t/0", "postgres://h/d") as DeliveryError;
    assertEquals([error.retriable, error.cause === said], [retriable, true], code);
    assert(error.message.startsWith("Cannot commit t/0 as the ledger postgres://h/d"));
  }
});

Deno.test("logTableOf() names the day in UTC, and refuses times without one", () => {
  assertEquals(logTableOf(0), "transaction_log_19700101");
  assertEquals(logTableOf(Date.UTC(2026, 1, 28, 23, 59, 59, 999)), "transaction_log_20260228");
  for (const time of [NaN, -1, Infinity, 1e15]) assertThrows(() => logTableOf(time), RangeError);
});

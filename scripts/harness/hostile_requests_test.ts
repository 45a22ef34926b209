/** 10,000 hostile requests to a consumer that serves: each is refused, nothing leaks, and the service goes on. */
import { buildModule } from "../dev/build.ts";
import { permissionsFor } from "../cli/launch/permissions.ts";
import { assert, assertEquals } from "../../src/testing/assert.ts";
import { embeddedArgs, makeEmbeddedRun } from "../../src/testing/embedded_run.ts";
import { startDeno } from "../../src/testing/process.ts";
import { type HostileRequest, hostileRequest } from "../../src/http/testing/hostile.ts";
import { formatTokens, makeToken } from "../../src/http/access/tokens.ts";

await buildModule(new URL("../../", import.meta.url));
const REQUESTS = 10_000;
const AT_ONCE = 32;
/** What an answer must never say: where files lie, what the code is, what is secret. */
const LEAKS = /\.ts\b|file:|\bat .*:\d+:\d+|node_modules|stack|sqlite|postgres|deno|\/tmp\/|edgewood_/i;

/** Sends bytes and returns all that comes back; "" where the connection ends without an answer. */
async function exchange(port: number, { bytes, endsEarly }: HostileRequest): Promise<string> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const sending = (async () => {
    for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
  })().catch((error) => assertBroken(error));
  const leaving = endsEarly ? setTimeout(() => connection.close(), 100) : undefined;
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65_536);
  let text = "";
  try {
    for (let size; (size = await connection.read(buffer)) !== null;) {
      text += decoder.decode(buffer.subarray(0, size), { stream: true });
    }
  } catch (error) {
    assertBroken(error);
  }
  await sending;
  clearTimeout(leaving);
  try {
    connection.close();
  } catch (error) {
    assertBroken(error);
  }
  return text;
}

/** The other side may hang up on what it refuses. */
function assertBroken(error: unknown): void {
  const { ConnectionReset, BrokenPipe, NotConnected, ConnectionAborted, BadResource, Interrupted } =
    Deno.errors;
  const kinds = [ConnectionReset, BrokenPipe, NotConnected, ConnectionAborted, BadResource, Interrupted];
  const isBroken = kinds.some((kind) => error instanceof kind);
  if (!isBroken) throw error;
}

async function startService(folder: string, token: ReturnType<typeof makeToken>) {
  await makeEmbeddedRun(folder, { count: 2000 });
  await Deno.writeTextFile(`${folder}/tokens.json`, formatTokens([token.kept]));
  const http = ["--http", "127.0.0.1:0", "--tokens", `${folder}/tokens.json`];
  const args = [...embeddedArgs(folder), "--alerts", "none", ...http];
  const service = startDeno("scripts/commands/consume.ts", args, {
    permissions: permissionsFor("consume", args, () => undefined),
  });
  const port = await service.until(() => /serving http:\/\/127\.0\.0\.1:(\d+)/.exec(service.stderr)?.[1]);
  return { service, port: Number(port) };
}

Deno.test("10,000 hostile requests are refused, leak nothing, and cost no memory", async () => {
  const folder = await Deno.makeTempDir();
  const token = makeToken({ name: "test", scopes: ["read", "write", "label"] });
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  let state = seed;
  const random = () => (state = Math.imul(state, 1103515245) + 12345 >>> 0) / 2 ** 32;
  const { service, port } = await startService(folder, token);
  await using _service = service;
  const counts = new Map<number, number>();
  let next = 0;
  const attack = async (until: number) => {
    while (next < until) {
      const hostile = hostileRequest(next++, random, token.token);
      const { kind, mayBeSilent } = hostile;
      const answer = await exchange(port, hostile);
      const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0);
      counts.set(status, (counts.get(status) ?? 0) + 1);
      const isRefused = status >= 400 && status < 500 || status === 0 && mayBeSilent === true;
      assert(isRefused, `${kind}: ${status} ${answer.slice(0, 600)}`);
      const body = answer.slice(answer.indexOf("\r\n\r\n"));
      assert(!LEAKS.test(body), `${kind} leaks: ${body.slice(0, 600)}`);
    }
  };
  const round = (until: number) => Promise.all(Array.from({ length: AT_ONCE }, () => attack(until)));
  const healthy = async () => {
    const headers = { authorization: `Bearer ${token.token}`, "content-type": "application/json" };
    const transaction =
      '{"transaction_id":"x","customer_id":"c","terminal_id":"t","amount":1,"timestamp":"2026-01-01T00:00:00Z"}';
    // The hostile ones bore the same token, and may have used up what it may ask in a second.
    const ask = (path: string, init: RequestInit = {}) =>
      service.until(async () => {
        const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers, ...init });
        if (response.status !== 429) return response;
        await response.body?.cancel();
      }, { what: "an answer" }) as Promise<Response>;
    const score = await ask("/v1/score", { method: "POST", body: transaction });
    assertEquals([score.status, (await score.json()).verdicts.length], [200, 1]);
    const metrics = await (await ask("/metrics")).text();
    return Number(/^process_resident_memory_bytes (\d+)$/m.exec(metrics)![1]) / 2 ** 20;
  };
  // Slow ones hold their connections all the while.
  const slow = (text: string) =>
    Promise.all(Array.from({ length: 50 }, async () => {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port });
      await connection.write(new TextEncoder().encode(text));
      const buffer = new Uint8Array(1000);
      const size = await connection.read(buffer);
      return new TextDecoder().decode(buffer.subarray(0, size ?? 0)).slice(9, 12);
    }));
  const slowOnes = [
    slow(
      `POST /v1/score HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token.token}\r\n` +
        "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    ),
    slow("GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: "),
  ];
  await round(REQUESTS * 0.4);
  const early = await healthy();
  await round(REQUESTS);
  const late = await healthy();
  const held = await Promise.all(slowOnes);
  assertEquals([...new Set(held.flat())], ["408"]);
  console.log(
    `statuses ${
      [...counts].map((each) => each.join(": ")).join(", ")
    }; ${early.toFixed()} to ${late.toFixed()} MiB`,
  );
  assertEquals(next, REQUESTS);
  assert((counts.get(0) ?? 0) < REQUESTS / 3, "most are answered");
  assert(late - early < 100, `memory grew from ${early} to ${late} MiB`);
  assert(!/error: http/.test(service.stderr), service.stderr);
  service.kill("SIGTERM");
  const { code, stderr } = await service.ended();
  assertEquals(code, 0, stderr);
  await Deno.remove(folder, { recursive: true });
});

import { assertEquals, assertRejects } from "../testing/assert.ts";
import { openRegistry } from "./registry.ts";

/** A registry of these answers, by path. */
function serve(answers: (path: string, request: Request) => Response) {
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request) => answers(new URL(request.url).pathname, request),
  );
  return { url: `http://127.0.0.1:${server.addr.port}`, [Symbol.asyncDispose]: () => server.shutdown() };
}

Deno.test("openRegistry() loads a schema with its references, once it answers again", async () => {
  let failures = 1;
  await using registry = serve((path) => {
    if (path === "/schemas/types") return Response.json(["AVRO"]);
    if (path === "/schemas/ids/7") {
      if (failures-- > 0) return new Response("busy", { status: 503 });
      return Response.json({ schema: "{}", references: [{ name: "m", subject: "a/b", version: 2 }] });
    }
    if (path === "/subjects/a%2Fb/versions/2") return Response.json({ schema: '"int"', schemaType: "AVRO" });
    return new Response("{}", { status: 404 });
  });
  using opened = await openRegistry(`${registry.url}/`);
  assertEquals(await opened.schema(7), {
    type: "AVRO",
    schema: "{}",
    references: [{ name: "m", schema: { type: "AVRO", schema: '"int"', references: [] } }],
  });
  assertEquals(await opened.schema(8), null);
});

Deno.test("openRegistry() signs in", async () => {
  await using registry = serve((_, { headers }) => {
    const isKnown = ["Basic dTpww58=", "Bearer t"].includes(headers.get("authorization") ?? "");
    return isKnown ? Response.json([]) : new Response("who?", { status: 401 });
  });
  (await openRegistry(registry.url, { basic: { user: "u", password: "pß" } }))[Symbol.dispose]();
  (await openRegistry(registry.url, { token: "t" }))[Symbol.dispose]();
  await assertRejects(() => openRegistry(registry.url), Error, "set SCHEMA_REGISTRY_USER");
});

Deno.test("openRegistry() refuses a registry that is away, and one that redirects", async () => {
  await assertRejects(
    () => openRegistry("http://127.0.0.1:9"),
    Error,
    "Cannot reach the schema registry http://127.0.0.1:9",
  );
  await using registry = serve(() => Response.redirect("http://127.0.0.1:9/elsewhere"));
  await assertRejects(
    () => openRegistry(registry.url),
    Error,
    "it redirects to http://127.0.0.1:9/elsewhere",
  );
});

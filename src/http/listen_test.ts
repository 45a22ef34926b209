import { assertRejects } from "../testing/assert.ts";
import type { HttpApp } from "./app.ts";
import { listen } from "./listen.ts";

Deno.test("listen() says in one sentence what is wrong with an address, and what to do", async () => {
  const app = { fetch: () => new Response("") } as unknown as HttpApp;
  const other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = other.addr;
  await assertRejects(
    () => listen({ hostname: "127.0.0.1", port }, app),
    Error,
    `Cannot listen at 127.0.0.1:${port}: another program listens there`,
  );
  other.close();
  await assertRejects(
    () => listen({ hostname: "192.0.2.1", port }, app),
    Error,
    "0.0.0.0 for all with --http",
  );
});

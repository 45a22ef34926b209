import { assert, assertEquals } from "../../testing/assert.ts";
import { createParser } from "eventsource-parser";
import { ANSWERS, serverEvent } from "./answers.ts";
import { openTestingApp } from "../testing/app.ts";
import { makeToken } from "../access/tokens.ts";

const app = await openTestingApp({ partitions: 2 });
globalThis.addEventListener("unload", () => void app[Symbol.asyncDispose]());
const TRANSACTION = {
  transaction_id: "new-1",
  customer_id: "c1",
  terminal_id: "t1",
  amount: 900,
  timestamp: "2026-02-01T00:00:00Z",
};

interface Operation {
  security?: unknown;
  responses: Record<string, { content?: Record<string, unknown> }>;
}

async function describedPaths(guarded = app.ask): Promise<Record<string, Record<string, Operation>>> {
  return (await (await guarded("/openapi.json")).json()).paths;
}

Deno.test("answers are as /openapi.json describes them", async () => {
  const paths = await describedPaths();
  const [{ transaction_id: id }] = (await (await app.ask("/v1/flagged")).json()).flagged;
  const post = (body: unknown, type = "application/json") => ({
    method: "POST",
    headers: { "content-type": type },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const label = { transaction_id: id, is_fraud: true, by: "ann" };
  const asked: [
    path: string,
    template: string,
    init: RequestInit,
    schema: keyof typeof ANSWERS | undefined,
  ][] = [
    ["/healthz", "/healthz", {}, "health"],
    ["/readyz", "/readyz", {}, "readiness"],
    ["/metrics", "/metrics", {}, undefined],
    ["/v1/status", "/v1/status", {}, "status"],
    ["/v1/flagged?limit=500", "/v1/flagged", {}, "flagged"],
    ["/v1/flagged?limit=501", "/v1/flagged", {}, undefined],
    [`/v1/transactions/${id}`, "/v1/transactions/{id}", {}, "transaction"],
    [`/v1/transactions/${id}/context`, "/v1/transactions/{id}/context", {}, "context"],
    ["/v1/transactions/nobody", "/v1/transactions/{id}", {}, undefined],
    ["/v1/labels", "/v1/labels", post(label), "label"],
    ["/v1/labels", "/v1/labels", post(label), "label"],
    [`/v1/transactions/${id}`, "/v1/transactions/{id}", {}, "transaction"],
    ["/v1/labels", "/v1/labels", post({ is_fraud: 1 }), undefined],
    ["/v1/labels", "/v1/labels", post("x", "text/plain"), undefined],
    ["/v1/model", "/v1/model", {}, undefined],
    ["/v1/model/forest.bin", "/v1/model/forest.bin", {}, undefined],
    ["/v1/score", "/v1/score", post({}), undefined],
    ["/v1/score", "/v1/score", post(TRANSACTION), "verdicts"],
    ["/v1/score", "/v1/score", post([TRANSACTION, {}]), "verdicts"],
  ];
  for (const [path, template, init, schema] of asked) {
    const method = (init.method ?? "GET").toLowerCase();
    const response = await app.ask(path, init);
    const described = paths[template][method].responses[response.status];
    const type = response.headers.get("content-type")!.split(";")[0];
    assert(described?.content?.[type] !== undefined, `${method} ${path} answers ${response.status} ${type}`);
    if (schema === undefined) await response.body?.cancel();
    else ANSWERS[schema].parse(await response.json());
  }
  assertEquals(app.errors, []);
});

Deno.test("verdicts and faults of POST /v1/score are as /openapi.json describes them", async () => {
  const response = await app.ask("/v1/score", {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: `${JSON.stringify({ ...TRANSACTION, currency: "EUR", note: { own: 1 } })}\n{}\n`,
  });
  const [verdict, fault] = (await response.text()).trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(ANSWERS.verdict.parse(verdict).transaction_id, "new-1");
  assertEquals(ANSWERS.fault.parse(fault).error.reason, "missing-field");
});

Deno.test("events of GET /v1/events are as /openapi.json describes them", async () => {
  const paths = await describedPaths();
  assert(paths["/v1/events"].get.responses[200].content?.["text/event-stream"] !== undefined);
  const { flagged } = ANSWERS.flagged.parse(await (await app.ask("/v1/flagged?limit=5")).json());
  const seen = new Set<string>();
  for (const id of [...flagged.map(({ id }) => id), "unknown"]) {
    const response = await app.ask("/v1/events", { headers: { "last-event-id": id } });
    const parser = createParser({
      onEvent({ event, id, data }) {
        const sent = serverEvent.parse({ event, ...(id && { id }), data: JSON.parse(data) });
        if (sent.event === "flagged") assertEquals(sent.id, sent.data.id);
        seen.add(sent.event);
      },
    });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    while (!seen.has("status")) parser.feed((await reader.read()).value!);
    await reader.cancel();
    if (id !== "unknown") seen.delete("status");
  }
  assertEquals([...seen].sort(), ["flagged", "skipped", "status"]);
});

Deno.test("/openapi.json has the version of deno.json", async () => {
  const project = JSON.parse(await Deno.readTextFile(new URL("../../../deno.json", import.meta.url)));
  assertEquals((await (await app.ask("/openapi.json")).json()).info.version, project.version);
});

Deno.test("/openapi.json asks for tokens where the service does", async () => {
  const open = await describedPaths();
  assert(Object.values(open).every((path) => Object.values(path).every(({ security }) => !security)));
  const { kept } = makeToken({ name: "ann", scopes: ["read"] });
  const guarded = app.withAccess({ tokens: { tokens: [kept] } });
  const closed = await describedPaths((path) =>
    guarded.fetch(new Request(`http://fraud.example${path}`), "192.0.2.1")
  );
  assertEquals(closed["/v1/labels"].post.security, [{ token: ["label"] }]);
  assertEquals([closed["/healthz"].get.security, "401" in closed["/v1/status"].get.responses], [
    undefined,
    true,
  ]);
});

Deno.test("/readyz says why the process does not do its work", async () => {
  const reasons = async () => {
    const response = await app.ask("/readyz");
    return [response.status, ...ANSWERS.readiness.parse(await response.json()).reasons];
  };
  assertEquals(await reasons(), [200]);
  const status = {
    lag: [{ partition: 0, records: 9 }],
    recordsPerS: 0,
    batchMs: 0,
    lost: 0,
    restoring: [],
    retries: 3,
  };
  app.live.look({ ...status, healthy: false });
  assertEquals(await reasons(), [503, "nothing moves while records wait"]);
  app.live.look({ ...status, healthy: true });
  assertEquals(await reasons(), [200]);
  app.clock.aheadMs = 31_000;
  assertEquals(await reasons(), [503, "the stream cannot be looked at"]);
  app.clock.aheadMs = 0;
});

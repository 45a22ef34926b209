import { assert, assertEquals, assertMatch, assertStringIncludes } from "../testing/assert.ts";
import { openTestingApp } from "./testing/app.ts";
import { makeToken } from "./access/tokens.ts";

const app = await openTestingApp({ partitions: 3 });
const JSON_TYPE = { "content-type": "application/json" };
globalThis.addEventListener("unload", () => void app[Symbol.asyncDispose]());

function post(path: string, body: string, headers: Record<string, string> = JSON_TYPE): Promise<Response> {
  return app.ask(path, { method: "POST", body, headers });
}

/** Flagged transactions of the stream, in their wire form. */
async function flagged(query = ""): Promise<Record<string, never>[]> {
  return (await (await app.ask(`/v1/flagged${query}`)).json()).flagged;
}

function transaction(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    transaction_id: "new-1",
    customer_id: "c1",
    terminal_id: "t1",
    amount: 900,
    timestamp: "2026-02-01T00:00:00Z",
    ...changes,
  };
}

Deno.test("POST /v1/score reads the state of the customer's own partition and leaves it as it is", async () => {
  for (const customer of ["c1", "c2", "c3", "c4", "c5"]) {
    const body = JSON.stringify(transaction({ customer_id: customer, state: "CA" }));
    const first = await (await post("/v1/score", body)).json();
    const again = await (await post("/v1/score", body)).json();
    const [verdict] = first.verdicts;
    assertEquals(verdict.state, "live");
    assertEquals([verdict.anomaly_score, verdict.topic], [again.verdicts[0].anomaly_score, undefined]);
    assertEquals(first.model, app.model.sha256);
    assertEquals(verdict.reasons.length, app.model.manifest.features.length);
    assertEquals(verdict.flagged, verdict.anomaly_score > first.threshold);
    // The customer's z can only be known where its transactions were.
    const stage = app.stages.get(app.broker.partitionOf(customer, 3))!;
    assert(stage.features.lastSeen(customer) >= 0);
    const others = [...app.stages.values()].filter((each) => each !== stage);
    assert(others.every(({ features }) => features.lastSeen(customer) < 0));
  }
});

Deno.test("POST /v1/score keeps the digits of ids and of unknown fields", async () => {
  const fields = '"auth_id":1700000000123456797,"n":[-0,1e400],"amount":9.50';
  const ids = [4600000000000012345n, 4600000000000012346n];
  const bodies = ids.map((id) =>
    `{"transaction_id":${id},"customer_id":${id},"terminal_id":7,${fields},"timestamp":"2026-02-01T00:00:00Z"}`
  );
  const text = await (await post("/v1/score", `[${bodies}]`)).text();
  for (const id of ids) assertStringIncludes(text, `"transaction_id":"${id}","customer_id":"${id}"`);
  assertEquals(text.split(fields).length, 3);
});

Deno.test("POST /v1/score takes one, an array, and lines, and says of each what is wrong with it", async () => {
  const good = JSON.stringify(transaction());
  const single = (await (await post("/v1/score", ` ${good} `)).json()).verdicts;
  const array = (await (await post("/v1/score", `[${good}, {"a": [1, "]"]}, 5 ,${good}]`)).json()).verdicts;
  assertEquals(array.length, 4);
  assertEquals(array[0].anomaly_score, single[0].anomaly_score);
  assertEquals([array[1].error.reason, array[2].error.reason], ["missing-field", "not-an-object"]);
  const lines = await (await post("/v1/score", `${good}\r\n\n{"x"\n${good}`, {
    "content-type": "application/x-ndjson",
  })).text();
  const parsed = lines.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(parsed.map((each) => each.error?.reason), [undefined, "not-json", undefined]);
  assertEquals((await (await post("/v1/score", "[]")).json()).verdicts, []);
  const many = await (await post("/v1/score", `[${Array(1000).fill(good).join()}]`)).json();
  assertEquals(many.verdicts.length, 1000);
});

Deno.test("POST /v1/score refuses what it cannot take, with a problem", async () => {
  const statusOf = async (body: string, headers?: Record<string, string>) => {
    const response = await post("/v1/score", body, headers);
    assertEquals(response.headers.get("content-type"), "application/problem+json");
    return [(await response.json()).status, response.status];
  };
  const tooMany = `[${Array(10_001).fill("1").join()}]`;
  assertEquals(await statusOf("{}"), [422, 422]);
  assertEquals(await statusOf("[1"), [422, 422]);
  assertEquals(await statusOf("[1] 2"), [422, 422]);
  assertEquals(await statusOf(""), [422, 422]);
  assertEquals(await statusOf(tooMany), [413, 413]);
  assertEquals(await statusOf("x".repeat(17 * 2 ** 20)), [413, 413]);
  assertEquals(await statusOf("{}", { "content-type": "text/plain" }), [415, 415]);
  const ahead = { ...transaction(), timestamp: new Date(Date.now() + 2 * 86_400_000).toISOString() };
  const { detail } = await (await post("/v1/score", JSON.stringify(ahead))).json();
  assert(detail.startsWith("too-far-ahead: "), detail);
});

Deno.test("GET /v1/flagged pages through all flagged transactions once, newest first, and filters", async () => {
  const all = await flagged("?limit=500");
  assert(all.length > 10);
  const paged: unknown[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const path: string = `/v1/flagged?limit=7${cursor === "" ? "" : `&cursor=${cursor}`}`;
    const page: { flagged: unknown[]; next_cursor: string | null } = await (await app.ask(path)).json();
    paged.push(...page.flagged);
    cursor = page.next_cursor;
  }
  assertEquals(paged, all);
  const times = all.map(({ timestamp }) => Date.parse(timestamp));
  assertEquals(times, times.toSorted((a, b) => b - a));
  const { customer_id, amount, timestamp } = all[3];
  assert((await flagged(`?customer=${customer_id}`)).every((each) => each.customer_id === customer_id));
  assertEquals(
    (await flagged(`?from=${timestamp}&limit=500`)).length,
    times.filter((t) => t >= times[3]).length,
  );
  const large = await flagged(`?min_amount=${amount}&limit=500`);
  assertEquals(large.length, all.filter((each) => each.amount >= amount).length);
  for (const wrong of ["limit=0", "limit=x", "cursor=1", "from=yesterday", "label=maybe", "nope=1"]) {
    assertEquals((await app.ask(`/v1/flagged?${wrong}`)).status, 400, wrong);
  }
});

Deno.test("labels that came by the stream are shown, and can be filtered", async () => {
  const shown = await flagged("?source=stream&limit=500");
  assert(shown.length > 10 && shown.every((each) => each.label !== null && each.label_by === null));
  const fraud = await flagged("?source=stream&label=fraud&limit=500");
  assertEquals(fraud.map(({ id }) => id), shown.filter(({ label }) => label === "fraud").map(({ id }) => id));
  const { label } = await (await app.ask(`/v1/transactions/${fraud[0].transaction_id}`)).json();
  assertEquals([label.is_fraud, label.source, label.by, label.history.length], [true, "stream", null, 1]);
  assert(Math.abs(Date.parse(label.decided_at) - Date.now()) < 600_000, "by the clock, also in a replay");
});

Deno.test("POST /v1/labels keeps one truth with its history, and the transaction shows it", async () => {
  const [{ transaction_id }] = await flagged();
  const label = (is_fraud: boolean) =>
    post("/v1/labels", JSON.stringify({ transaction_id, is_fraud, by: "ann" }));
  const statuses = [await label(true), await label(true), await label(false)].map(({ status }) => status);
  assertEquals(statuses, [201, 200, 201]);
  const shown = await (await app.ask(`/v1/transactions/${transaction_id}`)).json();
  const { is_fraud, by, claimed_by, source, history } = shown.label;
  assertEquals([is_fraud, by, claimed_by, source], [false, "anonymous (no tokens)", "ann", "api"]);
  const given = history.filter((each: typeof shown.label) => each.source === "api");
  const words = given.map((each: typeof shown.label) => [each.is_fraud, each.repeats]);
  assertEquals(words, [[true, false], [true, true], [false, false]]);
  assertEquals(shown.matches[0].verdict.transaction_id, transaction_id);
  const legit = await flagged("?label=legit&source=api");
  const found = legit.find((each) => each.transaction_id === transaction_id);
  assertEquals([found?.label, found?.label_source, found?.label_by], [
    "legit",
    "api",
    "anonymous (no tokens)",
  ]);
  assertEquals(await flagged("?source=command"), []);
  assert(!(await flagged("?label=none&limit=500")).some((each) => each.transaction_id === transaction_id));
  assertEquals((await post("/v1/labels", '{"transaction_id":"nobody","is_fraud":true}')).status, 404);
  assertEquals((await post("/v1/labels", `{"transaction_id":"${transaction_id}"}`)).status, 422);
  assertEquals((await post("/v1/labels", "nonsense")).status, 400);
  assertEquals((await post("/v1/labels", "null")).status, 422);
  const unknown = await post("/v1/labels", '{"transaction_id":1700000000123456797,"is_fraud":true}');
  assertEquals(unknown.status, 404);
});

Deno.test("POST /v1/labels names the token as the author, with the clock's time; what the caller writes is a note", async () => {
  const { transaction_id, timestamp } = (await flagged("?limit=500&label=legit&source=stream"))[0];
  const made = ["ann", "ben"].map((name) => makeToken({ name, scopes: ["label", "read"] }));
  const guarded = app.withAccess({ tokens: { tokens: made.map(({ kept }) => kept) } });
  const ask = async (path: string, who: number, body?: Record<string, unknown>) => {
    const init = { method: "POST", body: JSON.stringify({ transaction_id, ...body }) };
    const headers = { ...JSON_TYPE, authorization: `Bearer ${made[who].token}` };
    const request = new Request(`http://a.example${path}`, { ...(body && init), headers });
    return await (await guarded.fetch(request, "192.0.2.1")).json();
  };
  const before = Date.now();
  await ask("/v1/labels", 0, { is_fraud: true, by: "head of risk" });
  await ask("/v1/labels", 1, { is_fraud: true, by: "ben" });
  for (let i = 0; i < 20; i++) await ask("/v1/labels", 1, { is_fraud: true });
  const { label } = await ask(`/v1/transactions/${transaction_id}`, 1);
  assertEquals([label.by, label.claimed_by, label.source], ["ann", "head of risk", "api"]);
  // The stream is a replay: features take the answer by its time, people read the clock's.
  assert(Date.parse(label.labelled_at) < before - 86_400_000, label.labelled_at);
  assert(
    Date.parse(label.decided_at) >= before && Date.parse(label.decided_at) <= Date.now(),
    label.decided_at,
  );
  assert(Date.parse(label.labelled_at) >= Date.parse(timestamp));
  assertEquals([label.history.length, label.history_total], [20, 23]);
  assertEquals([label.history[0].by, label.history[1].by, label.history[1].claimed_by], ["ann", "ben", null]);
});

Deno.test("GET /v1/transactions/:id/context has a state that scores as the whole one does", async () => {
  const [{ transaction_id, customer_id, terminal_id }] = await flagged();
  const context = await (await app.ask(`/v1/transactions/${transaction_id}/context`)).json();
  assertEquals(context.customer.id, customer_id);
  assert(
    context.customer.recent.some((each: { transaction_id: string }) =>
      each.transaction_id === transaction_id
    ),
  );
  assert(context.terminal.recent.length > 0);
  const { openFeatureStage } = await import("../features/stage.ts");
  const { decodeBatch } = await import("../decode/decode.ts");
  const { decodeBody, encodeBody } = await import("../broker/record_batch.ts");
  const part = openFeatureStage(app.model.manifest);
  part.features.restore(Uint8Array.fromBase64(context.state));
  const value = JSON.stringify(transaction({ customer_id, terminal_id }));
  const { columns } = decodeBatch(decodeBody("t", 0, 0, encodeBody([{ key: null, value }], 0)));
  const whole = app.stages.get(app.broker.partitionOf(customer_id, 3))!;
  assertEquals(part.peek(columns).raw, whole.peek(columns).raw);
  assertEquals((await app.ask("/v1/transactions/nobody/context")).status, 404);
});

Deno.test("without tokens the service answers this machine alone, by its own names", async () => {
  assertEquals((await app.ask("/v1/status", { headers: { host: "evil.example" } })).status, 421);
  assertEquals((await app.ask("/v1/status", { address: "192.0.2.1" })).status, 403);
  assertEquals((await post("/v1/score", "{}", { ...JSON_TYPE, origin: "http://evil.example" })).status, 403);
  assertEquals((await app.ask("/v1/status", { headers: { host: "localhost:8080" } })).status, 200);
});

Deno.test("with tokens each route asks for its scope, and the token's hash alone is kept", async () => {
  const made = makeToken({ name: "ann", scopes: ["read"] });
  assert(!JSON.stringify(made.kept).includes(made.token));
  const guarded = app.withAccess({ tokens: { tokens: [made.kept] } });
  const ask = (path: string, token?: string, method = "GET") =>
    guarded.fetch(
      new Request(`http://fraud.example${path}`, {
        method,
        headers: { ...JSON_TYPE, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      }),
      "192.0.2.1",
    );
  assertEquals((await ask("/v1/status")).status, 401);
  assertEquals((await ask("/v1/status")).headers.get("www-authenticate"), 'Bearer realm="edgewood"');
  assertStringIncludes((await (await ask("/v1/status")).json()).detail, "needs a token");
  const wrong = await ask("/v1/status", `${made.token}x`);
  assertEquals(wrong.status, 401);
  assertStringIncludes(wrong.headers.get("www-authenticate")!, 'error="invalid_token"');
  assertStringIncludes((await wrong.json()).detail, "not valid");
  assertEquals((await ask("/v1/status", made.token)).status, 200);
  assertEquals((await ask("/metrics")).status, 401);
  assertEquals((await ask("/v1/score", made.token, "POST")).status, 403);
  assertEquals((await ask("/v1/labels", made.token, "POST")).status, 403);
  assertEquals((await ask("/healthz")).status, 200);
});

Deno.test("without tokens nobody is answered through a proxy, nor a page of another site, for reads too", async () => {
  const statusOf = async (headers: Record<string, string>, path = "/v1/flagged", method = "GET") => {
    const response = await app.ask(path, { headers, method });
    await response.body?.cancel();
    return response.status;
  };
  for (
    const name of [
      "Forwarded",
      "Via",
      "X-Forwarded-For",
      "x-forwarded-proto",
      "X-Forwarded-Host",
      "X-Real-IP",
    ]
  ) {
    for (const path of ["/v1/flagged", "/", "/v1/score", "/healthz", "/v1/events", "/nope"]) {
      assertEquals(await statusOf({ [name]: "" }, path), 403, `${name} ${path}`);
    }
  }
  const cross = { "sec-fetch-site": "cross-site" };
  for (const method of ["GET", "HEAD", "POST", "OPTIONS"]) {
    assertEquals(await statusOf(cross, "/v1/flagged", method), 403, method);
  }
  assertEquals(
    await statusOf({ ...cross, "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" }, "/"),
    403,
  );
  // A link in a chat leads to the page; the testing app has no page.
  assertEquals(
    await statusOf({ ...cross, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" }, "/"),
    404,
  );
  assertEquals(await statusOf({ "sec-fetch-site": "same-origin" }), 200);
});

Deno.test("HEAD takes no listener's place, and each route tells its methods", async () => {
  for (let i = 0; i < 60; i++) assertEquals((await app.ask("/v1/events", { method: "HEAD" })).status, 200);
  const listening = await app.ask("/v1/events");
  assertEquals(listening.status, 200);
  await listening.body!.cancel();
  const { paths } = await (await app.ask("/openapi.json")).json();
  for (const [path, methods] of Object.entries<Record<string, unknown>>(paths)) {
    for (const method of ["GET", "HEAD", "POST", "OPTIONS", "DELETE"]) {
      const response = await app.ask(path.replace("{id}", "x"), { method });
      await response.body?.cancel();
      const isKnown = (method === "HEAD" ? "get" : method.toLowerCase()) in methods;
      assertEquals(response.status === 405, !isKnown, `${method} ${path}: ${response.status}`);
      if (!isKnown) {
        assertEquals(response.headers.get("allow"), Object.keys(methods).join(", ").toUpperCase());
      }
    }
  }
});

Deno.test("an expired or removed token is refused, and what it listens to ends; log and counter say who was refused", async () => {
  const [ann, ben] = ["ann", "ben"].map((name) =>
    makeToken({ name, scopes: ["read"], expires_at: new Date(Date.now() + 2500).toISOString() })
  );
  const tokens = [ann.kept, { ...ben.kept, expires_at: undefined }];
  const guarded = app.withAccess({ tokens: { tokens } });
  const ask = (path: string, token?: string) =>
    guarded.fetch(
      new Request(`http://a.example${path}`, {
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      }),
      "192.0.2.9",
    );
  const ended = [ann, ben].map(async ({ token }) => {
    const response = await ask("/v1/events", token);
    assertEquals(response.status, 200);
    await response.body!.pipeTo(new WritableStream());
  });
  tokens.pop();
  await Promise.all(ended);
  const before = app.lines.length;
  const statuses = [ann.token, ben.token, undefined].map(async (token) =>
    (await ask("/v1/status", token)).status
  );
  assertEquals(await Promise.all(statuses), [401, 401, 401]);
  const problem = await (await ask("/v1/status", ann.token)).json();
  assertStringIncludes(problem.detail, "was valid until 20");
  tokens.push({ ...ben.kept, expires_at: undefined });
  const answered = await ask("/v1/flagged?customer=secret", ben.token);
  const lines = app.lines.slice(before);
  const id = answered.headers.get("x-request-id");
  const line = lines.find((each) => each.includes(`request ${id}`));
  assertMatch(line ?? "", /^http: "ben" GET \/v1\/flagged 200 \d+\.\d ms, request [0-9a-f-]{13}$/);
  const metrics = await (await app.ask("/metrics")).text();
  for (const reason of ["no token", "wrong token", "expired token"]) {
    assertMatch(metrics, new RegExp(`edgewood_http_failed_tries_total\\{reason="${reason}"\\} \\d`));
  }
  const all = app.lines.join("\n");
  assertStringIncludes(all, "http: refused (");
  assert(!all.includes(ann.token) && !all.includes(ben.token) && !all.includes("secret"), all);
});

Deno.test("a caller with too many requests is told to wait", async () => {
  const limited = app.withAccess({ requestsPerSecond: 5 });
  const statuses: number[] = [];
  for (let i = 0; i < 12; i++) {
    const request = new Request("http://localhost/healthz", { headers: { host: "localhost" } });
    statuses.push((await limited.fetch(request, "127.0.0.1")).status);
  }
  assertEquals([statuses.slice(0, 10).every((status) => status === 200), statuses[11]], [true, 429]);
});

Deno.test("every answer has the security headers; unknown paths and methods are told apart", async () => {
  const responses = [
    await app.ask("/nope"),
    await app.ask("/v1/status", { method: "DELETE" }),
    await app.ask("/healthz"),
  ];
  assertEquals(responses.map(({ status }) => status), [404, 405, 200]);
  for (const { headers } of responses) {
    assertEquals(headers.get("x-content-type-options"), "nosniff");
    const policy = headers.get("content-security-policy")!;
    assert(policy.includes("'wasm-unsafe-eval'") && !policy.includes("'unsafe-inline'"), policy);
  }
});

Deno.test("GET /v1/status, /metrics, /readyz and /openapi.json agree with the stream", async () => {
  const status = await (await app.ask("/v1/status")).json();
  assertEquals(status.model.sha256, app.model.sha256);
  assertEquals(Math.round(status.scores.counts.reduce((sum: number, n: number) => sum + n, 0)) > 2900, true);
  const metrics = await (await app.ask("/metrics")).text();
  const { flagged: count, scored } = await app.ledger.summary("transactions");
  assertStringIncludes(metrics, `edgewood_records_total ${scored}\n`);
  assertStringIncludes(metrics, `edgewood_flagged_total ${count}\n`);
  assertStringIncludes(metrics, `edgewood_latency_seconds_count ${scored}\n`);
  assertStringIncludes(metrics, `sha256="${app.model.sha256}"`);
  const sumOf = (name: "keys" | "evicted" | "labelsApplied") =>
    [...app.stages.values()].reduce((sum, { features }) => sum + features[name], 0);
  assertStringIncludes(metrics, `edgewood_feature_keys ${sumOf("keys")}\n`);
  assertStringIncludes(metrics, `edgewood_feature_keys_evicted_total ${sumOf("evicted")}\n`);
  assertStringIncludes(metrics, `edgewood_labels_applied_total ${sumOf("labelsApplied")}\n`);
  assert(sumOf("keys") > 100 && sumOf("labelsApplied") > 1000);
  const { states, ...readiness } = await (await app.ask("/readyz")).json();
  assertEquals([readiness, states.length], [{ ready: true, reasons: [] }, app.stages.size]);
  assertEquals(states[0], { partition: 0, state: "live", age_s: null, missing: 0 });
  assertStringIncludes(metrics, `edgewood_feature_state_info{partition="0",state="live"} 1\n`);
  app.failing.push({ what: "objects to s3://h/b", ageMs: 61_000, message: "503" });
  const failing = await app.ask("/readyz");
  assertEquals(failing.status, 503);
  const { reasons } = await failing.json();
  const { now: { problems } } = await (await app.ask("/v1/status")).json();
  for (const [text] of [reasons, problems]) {
    assertMatch(text, /^objects to s3:\/\/h\/b: failing since 20\S+Z: 503$/);
  }
  app.failing.pop();
  const openApi = await (await app.ask("/openapi.json")).json();
  assertEquals(openApi.openapi, "3.1.0");
  for (const path of ["/v1/score", "/v1/labels", "/v1/flagged", "/v1/transactions/{id}"]) {
    assert(openApi.paths[path], path);
  }
  assertEquals(app.errors, []);
});

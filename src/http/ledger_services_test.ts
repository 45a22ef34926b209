/** The service over a ledger in PostgreSQL: values that its types refuse, and a server that is away. */
import { dropSchemas, openThroughProxy, postgres } from "../ledger/postgres/testing/database.ts";
import { outcomeOf } from "../ledger/testing/outcomes.ts";
import { assert, assertEquals } from "../testing/assert.ts";
import { openTestingApp } from "./testing/app.ts";

Deno.test.afterAll(dropSchemas);

Deno.test({
  ...postgres.test(
    "http over PostgreSQL: no value of a query is a 500, and a server that is away is a 503 at once",
  ),
  async fn() {
    await using app = await openTestingApp();
    await using opened = await openThroughProxy({ ledger: { queryTimeoutMs: 15_000, deadlineMs: 30_000 } });
    const { ledger, proxy } = opened;
    await ledger.queries.prepare();
    const { epoch } = await ledger.claim("transactions", 0, { owner: "a", streamId: "s" });
    await ledger.commit(outcomeOf("transactions", [0, 100], epoch));
    const http = app.withLedger(ledger);
    const ask = async (path: string, init: RequestInit = {}) => {
      const from = performance.now();
      const headers = { host: "localhost", "content-type": "application/json" };
      const response = await http.fetch(
        new Request(`http://localhost${path}`, { ...init, headers }),
        "127.0.0.1",
      );
      const body = await response.text();
      return {
        status: response.status,
        retryAfter: response.headers.get("retry-after"),
        ms: performance.now() - from,
        body,
      };
    };
    const digits = "9".repeat(400);
    for (
      const query of [
        ...[
          "min_amount=0.001",
          "min_amount=-0",
          `min_amount=${digits}`,
          `min_amount=-${digits}`,
          "min_amount=0.1234567",
        ],
        ...[
          "min_score=0.5",
          `min_score=${digits}`,
          "min_score=-1",
          "min_score=1e400",
          "min_score=NaN",
          "min_score=",
        ],
        ...[
          "cursor=9999999999999999.999999999.9999999999999999",
          "cursor=-9999999999999999.0.0",
          "cursor=1.2",
          "cursor=",
        ],
        ...[
          "from=0000-01-01T00:00:00Z",
          "to=9999-12-31T23:59:60Z",
          "from=2026-02-30T00:00:00Z",
          "from=%00",
          "to=1",
        ],
        ...[
          "customer=%00",
          "customer=%ff",
          "customer=",
          `customer=${"x".repeat(129)}`,
          "terminal='",
          "terminal=%F0%9F%98%80",
        ],
        ...[
          "limit=0",
          "limit=501",
          "limit=1.0",
          "limit=%2B1",
          "limit=1&limit=2",
          "source=web",
          "label=",
          "label=fraud&source=stream",
        ],
        ...["customer=a&customer=b", "__proto__=1", "constructor=1", "toString=", "unknown"],
      ]
    ) {
      const { status, body } = await ask(`/v1/flagged?${query}`);
      assert(status === 200 || status === 400, `${query}: ${status} ${body}`);
    }
    for (
      const id of [
        "%00",
        "a%00b",
        "%ff",
        "%ED%A0%80",
        "x".repeat(5000),
        "%F0%9F%98%80",
        "..",
        "%2e%2e",
        "%2f",
      ]
    ) {
      for (const path of [`/v1/transactions/${id}`, `/v1/transactions/${id}/context`]) {
        const { status, body } = await ask(path);
        assert([400, 404].includes(status), `${path.slice(0, 40)}: ${status} ${body}`);
      }
      const body = JSON.stringify({ transaction_id: id, is_fraud: true });
      assert(
        [404, 413, 422].includes((await ask("/v1/labels", { method: "POST", body })).status),
        id.slice(0, 9),
      );
    }
    assertEquals((await ask("/v1/transactions/t3")).status, 200);
    const label = { method: "POST", body: JSON.stringify({ transaction_id: "t3", is_fraud: true }) };
    const paths: [path: string, init?: RequestInit][] = [
      ["/v1/flagged"],
      ["/v1/transactions/t3"],
      ["/v1/transactions/t3/context"],
      ["/v1/labels", label],
    ];
    proxy.refuse();
    for (const [path, init] of paths) {
      const { status, retryAfter, ms } = await ask(path, init);
      assertEquals([status, retryAfter], [503, "5"], path);
      assert(ms < 5000, `${path}: ${ms} ms`);
    }
    assertEquals((await ask("/healthz")).status, 200);
    proxy.resume();
    const deadline = Date.now() + 60_000;
    while ((await ask("/v1/flagged")).status !== 200) {
      assert(Date.now() < deadline, "the ledger is back");
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    // It answers nothing and closes nothing.
    proxy.hold();
    assertEquals((await ask("/v1/flagged")).status, 503);
    const { status, ms } = await ask("/v1/transactions/t3");
    assert(status === 503 && ms < 5000, `${status} after ${ms} ms`);
    proxy.resume();
    assertEquals(app.errors, []);
  },
});

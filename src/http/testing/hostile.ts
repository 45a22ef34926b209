/**
 * Requests that mean harm, for tests: raw bytes as they go over a socket.
 *
 * @module
 */

/** One request that must be refused. */
export interface HostileRequest {
  kind: string;
  /** All that is sent. */
  bytes: Uint8Array;
  /** Whether the connection may end without an answer, since the bytes are no HTTP. */
  mayBeSilent?: boolean;
  /** Whether the sender goes away soon, answer or none. */
  endsEarly?: boolean;
}

const encoder = new TextEncoder();
const TRANSACTION = {
  transaction_id: "x",
  customer_id: "c",
  terminal_id: "t",
  amount: 1,
  timestamp: "2026-01-01T00:00:00Z",
};
const WRONG_VALUES: readonly unknown[] = [{}, [], true, "", "x".repeat(129), -1, 0, 1e308, [[1]], {
  a: { b: 1 },
}];
const BAD_JSON: readonly (string | Uint8Array)[] = [
  "",
  "null",
  "true",
  "5",
  '"text"',
  "{",
  "[",
  "[[]",
  '{"a":}',
  "{'a':1}",
  "[1,",
  '{"transaction_id":NaN}',
  `${"[".repeat(20_000)}`,
  `${'{"a":'.repeat(5000)}1`,
  '{"amount":1,"amount":2}',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  "\ufeff{}",
  '{"transaction_id":"\\ud800"}',
  new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]),
  new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]),
];
const BAD_PATHS = [
  "/../../../../etc/passwd",
  "/assets/../../deno.json",
  "/assets/%2e%2e/%2e%2e/deno.json",
  "/assets/..%2f..%2f.env",
  "/assets/....//....//deno.json",
  "/assets/src/http/tokens.ts",
  "/assets/src/../../deno.json",
  "/assets/%00",
  "/assets/C:%5cwindows%5cwin.ini",
  "//etc/passwd",
  "/.env",
  "/.git/config",
  "/.edgewood/ledger.db",
  "/v1/transactions/%00",
  "/v1/transactions/%ff%fe",
  "/v1/transactions/%",
  "/v1/transactions/..%2f..%2fetc%2fpasswd",
  "/v1/transactions/'%20OR%201=1--",
  "/v1/transactions/%3Cscript%3Ealert(1)%3C/script%3E",
  `/v1/transactions/${"a".repeat(8000)}`,
  "/v1/transactions/a/context/../../../status/x",
  "/v1/flagged?limit=1e9",
  "/v1/flagged?limit=-1",
  "/v1/flagged?cursor=1;DROP%20TABLE%20flagged",
  "/v1/flagged?from=0000-99-99",
  "/v1/flagged?min_score=Infinity",
  "/v1/flagged?__proto__=1",
  "/v1/flagged?unknown=%0d%0aSet-Cookie:a=b",
  "/v1/model/forest.bin/..",
  "/V1/STATUS",
  "/metrics/../../x",
];
const BROKEN_HEADS = [
  "GET / HTTP/1.1\r\n\r\n",
  "GET / HTTP/9.9\r\nHost: a\r\n\r\n",
  "GET /\r\n\r\n",
  "GET / HTTP/1.1\nHost: a\n X: b\n\n",
  "GET /\u0000 HTTP/1.1\r\nHost: a\r\n\r\n",
  "get / HTTP/1.1\r\nHost: a\r\n\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
  "\r\n\r\n\r\n",
  "HELP\r\n",
  "POST /v1/score HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
  "POST /v1/score HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "POST /v1/score HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
  "POST /v1/score HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
  "POST /v1/score HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked, chunked\r\n\r\nZZ\r\n",
  "POST /v1/score HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
  "GET / HTTP/1.1\r\nHost: a\r\nX: a\u0000b\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\r\n folded: yes\r\n\r\n",
  "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\r\n: nameless\r\n\r\n",
  `GET / HTTP/1.1\r\nHost: a\r\nX: ${"a".repeat(40_000)}\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: a\r\n${"X: a\r\n".repeat(20_000)}\r\n`,
  `GET /${"a".repeat(40_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
];

/**
 * Makes a request of the kind that is next in turn.
 *
 * @param number Number of the request, from 0: every kind comes in turn.
 * @param random Numbers in [0, 1).
 * @param token A token that is valid: some of the requests bear it, and are refused for what else they are.
 */
export function hostileRequest(number: number, random: () => number, token: string): HostileRequest {
  const kinds = [badJson, wrongType, badPath, brokenHead, badCaller, badMethod, badLabel, noise];
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)];
  const turn = Math.floor(number / kinds.length);
  // Large ones are few: it is their size that counts.
  if (number % 500 === 499) return oversized(turn, token);
  return kinds[number % kinds.length]({ turn, pick, random, token });
}

interface Turn {
  turn: number;
  pick<T>(from: readonly T[]): T;
  random(): number;
  token: string;
}

function badJson({ turn, pick, token }: Turn): HostileRequest {
  const body = BAD_JSON[turn % BAD_JSON.length];
  const path = pick(["/v1/score", "/v1/labels"]);
  return { kind: `bad JSON ${turn % BAD_JSON.length}`, bytes: post(path, body, token) };
}

function wrongType({ turn, pick, token }: Turn): HostileRequest {
  const field = pick(Object.keys(TRANSACTION));
  // What is a fault of one field may be right in another, and null is the absence of all of them.
  const value = field === "amount"
    ? pick(WRONG_VALUES.filter((each) => typeof each !== "number" || each <= 0 || each > 1e300))
    : pick(WRONG_VALUES.filter((each) => typeof each !== "number" || each < 0));
  const body = JSON.stringify({ ...TRANSACTION, [field]: turn % 7 === 0 ? null : value });
  return { kind: `${field} ${JSON.stringify(value)?.slice(0, 40)}`, bytes: post("/v1/score", body, token) };
}

function badPath({ turn, token }: Turn): HostileRequest {
  const path = BAD_PATHS[turn % BAD_PATHS.length];
  return { kind: `path ${path.slice(0, 60)}`, bytes: request("GET", path, token) };
}

function brokenHead({ turn }: Turn): HostileRequest {
  const head = BROKEN_HEADS[turn % BROKEN_HEADS.length];
  return {
    kind: `head ${JSON.stringify(head.slice(0, 60))}`,
    bytes: encoder.encode(head),
    mayBeSilent: true,
  };
}

function badCaller({ turn, pick, token }: Turn): HostileRequest {
  const value = [
    "Bearer",
    "Bearer x",
    `Bearer ${token}x`,
    `Bearer ${token.slice(0, -1)}`,
    `Basic ${btoa(`admin:${token}`)}`,
    `Bearer ${"a".repeat(8000)}`,
    token,
    `Bearer ${token}, Bearer ${token}`,
    "",
  ][turn % 9];
  const path = pick([
    "/v1/status",
    "/v1/flagged",
    "/metrics",
    "/v1/model",
    "/v1/transactions/x",
    "/v1/events",
  ]);
  const tricks = "X-Forwarded-For: 127.0.0.1\r\nX-Original-URL: /healthz\r\nX-HTTP-Method-Override: GET\r\n";
  return {
    kind: `caller ${turn % 9}`,
    bytes: encoder.encode(
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: ${value}\r\n${tricks}\r\n`,
    ),
  };
}

function badMethod({ turn, pick, token }: Turn): HostileRequest {
  const method = ["DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "LINK"][turn % 7];
  return {
    kind: `method ${method}`,
    bytes: request(method, pick(["/v1/score", "/v1/labels", "/", "/x"]), token),
  };
}

function badLabel({ turn, token }: Turn): HostileRequest {
  const body = [
    { transaction_id: "nobody", is_fraud: true },
    { transaction_id: "x", is_fraud: "true" },
    { transaction_id: "x", is_fraud: 1 },
    { transaction_id: ["x"], is_fraud: true },
    { transaction_id: "x", is_fraud: true, by: "a\u0000b" },
    { transaction_id: "x", is_fraud: true, by: "b".repeat(200) },
    { transaction_id: "x", is_fraud: true, admin: true },
    { transaction_id: "'; DROP TABLE given_label; --", is_fraud: true },
    { is_fraud: true },
    {},
  ][turn % 10];
  return { kind: `label ${turn % 10}`, bytes: post("/v1/labels", JSON.stringify(body), token) };
}

function noise({ turn, random, token }: Turn): HostileRequest {
  if (turn % 3 === 0) {
    // Half of a good request, and then the end.
    const whole = post("/v1/score", JSON.stringify(TRANSACTION), token);
    const bytes = whole.subarray(0, Math.floor(random() * (whole.length - 1)));
    return { kind: "a part of a request", bytes, mayBeSilent: true, endsEarly: true };
  }
  const bytes = Uint8Array.from(
    { length: 1 + Math.floor(random() * 2000) },
    () => Math.floor(random() * 256),
  );
  if (turn % 3 === 1) bytes.set([0x16, 3, 1].slice(0, bytes.length)); // as TLS begins
  return { kind: "noise", bytes, mayBeSilent: true, endsEarly: true };
}

function oversized(turn: number, token: string): HostileRequest {
  const kinds: (() => Uint8Array)[] = [
    () => post("/v1/score", " ".repeat(17 * 2 ** 20), token),
    () => post("/v1/score", `[${Array(10_001).fill("1").join()}]`, token),
    () => post("/v1/labels", "x".repeat(100_000), token),
    () => post("/v1/score", JSON.stringify({ ...TRANSACTION, note: "n".repeat(70_000) }), token),
    () =>
      request(
        "POST",
        "/v1/score",
        token,
        "Content-Type: application/json\r\nContent-Length: 1000000000000\r\n",
      ),
  ];
  return { kind: `oversized ${turn % kinds.length}`, bytes: kinds[turn % kinds.length](), mayBeSilent: true };
}

function post(path: string, body: string | Uint8Array, token: string): Uint8Array {
  const bytes = typeof body === "string" ? encoder.encode(body) : body;
  const head = request(
    "POST",
    path,
    token,
    `Content-Type: application/json\r\nContent-Length: ${bytes.length}\r\n`,
  );
  const whole = new Uint8Array(head.length + bytes.length);
  whole.set(head);
  whole.set(bytes, head.length);
  return whole;
}

function request(method: string, path: string, token: string, headers = ""): Uint8Array {
  return encoder.encode(
    `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n` +
      `Authorization: Bearer ${token}\r\n${headers}\r\n`,
  );
}

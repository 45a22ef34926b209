import { DeliveryError } from "../../runtime/delivery_error.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../../testing/assert.ts";
import { alertOf, alertsContract, groupOf } from "../testing/contract.ts";
import { verifySignature } from "./signature.ts";
import { ALERT_ID_HEADER, openWebhook, type WebhookOptions } from "./webhook.ts";
import { readWebhookAddress, type WebhookFormat } from "./address.ts";
import { patience } from "../../testing/patience.ts";

const SECRET = "a secret of this test";

interface Received {
  path: string;
  headers: Headers;
  body: string;
}

/** A webhook and the server that receives what it sends. */
async function openReceiver(
  answer: (request: Received) => Response | Promise<Response> = () => new Response(),
  options: WebhookOptions & { format?: WebhookFormat; path?: string } = {},
) {
  const received: Received[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const { pathname, search } = new URL(request.url);
    const each = { path: pathname + search, headers: request.headers, body: await request.text() };
    received.push(each);
    return await answer(each);
  });
  const path = options.path ?? `127.0.0.1:${server.addr.port}/hooks/confidential`;
  const prefix = options.format === "slack" ? "webhook+slack:" : "";
  const address = readWebhookAddress(`${prefix}http://${path.replace("PORT", String(server.addr.port))}`);
  const webhook = await openWebhook(address, { secrets: [SECRET], ...options });
  return {
    received,
    webhook,
    address,
    async [Symbol.asyncDispose]() {
      await webhook[Symbol.asyncDispose]();
      await server.shutdown();
    },
  };
}

alertsContract("webhook", {
  async open() {
    const { webhook, received, [Symbol.asyncDispose]: close } = await openReceiver();
    const sink = { send: webhook.send.bind(webhook), [Symbol.asyncDispose]: close };
    return {
      sink,
      received: () => Promise.resolve(received.map(({ body }) => JSON.parse(body).verdict.transaction_id)),
    };
  },
});

Deno.test("openWebhook() posts a signed message under the alert's id, with all that an analyst needs", async () => {
  await using receiver = await openReceiver(undefined, {
    secrets: ["the newer one of two", SECRET],
    publicUrl: "https://fraud.example/",
  });
  await receiver.webhook.send([alertOf(7), { ...alertOf(9), id: "transactions/0/8-9", group: groupOf(2) }]);
  const [{ headers, body, path }, group] = receiver.received;
  assertEquals([path, headers.get("content-type")], ["/hooks/confidential", "application/json"]);
  assertEquals(headers.get(ALERT_ID_HEADER), "transactions/0/7");
  for (const secret of ["the newer one of two", SECRET]) {
    assert(verifySignature(body, headers.get("Edgewood-Signature"), secret));
  }
  assert(!verifySignature(body, headers.get("Edgewood-Signature"), "no secret of this test"));
  const { text, ...message } = JSON.parse(body);
  assertEquals(message, {
    alert_id: "transactions/0/7",
    kind: "transaction",
    count: 1,
    url: "https://fraud.example/#/transactions/t7",
    verdict: JSON.parse(alertOf(7).verdict),
  });
  for (const part of ["12.50 EUR", "c'7", "score 0.700 above 0.600", "because amount of 12.50"]) {
    assert(text.includes(part), text);
  }
  const { kind, count, amounts, verdict } = JSON.parse(group.body);
  assertEquals([kind, count, amounts, verdict.transaction_id], [
    "customer",
    2,
    [{ currency: "EUR", amount: 25 }],
    "t9",
  ]);
});

/** What a chat would make of a text: formatting, links, images and calls are what is not in inline code. */
function outsideOfCode(text: string): string {
  assert((text.match(/`/g) ?? []).length % 2 === 0, text);
  return text.replace(/`[^`]+`/g, "`").normalize("NFKC");
}

Deno.test("openWebhook() sends chats a text in which ids are characters only", async () => {
  const ids = [
    "@all *urgent*",
    "@here",
    "x @channel @everyone _now_ ~~x~~ :rotating_light: #general ~town-square",
    "<!channel> <!here|here> <@U123> <#C1> <!subteam^S1> <at>Ann</at>",
    "http://evil.example/login",
    "see www.evil.example, evil.example or ann@evil.example",
    "<http://evil.example|verify here>",
    "[verify here](http://evil.example) ![x](http://evil.example/p.png) [x][1]",
    "` @all ``http://evil.example`` ```x```",
    "a\n# b\n> c | d\r\n|-|-|",
    "&lt;!channel&gt; &#60;!here&#62;",
    "<img src=http://evil.example/p.png><a href='javascript:x'>x</a>",
    "$\\href{http://evil.example}{x}$ \\@all",
    "x](http://evil.example)|>",
  ];
  for (const format of ["slack", "json"] as const) {
    await using receiver = await openReceiver(undefined, { format, publicUrl: "https://fraud.example" });
    const alert = alertOf(1);
    for (const id of ids) {
      const verdict = { ...JSON.parse(alert.verdict), customer_id: id, terminal_id: id, transaction_id: id };
      await receiver.webhook.send([{ ...alert, verdict: JSON.stringify(verdict) }]);
      await receiver.webhook.send([{ ...alert, verdict: JSON.stringify(verdict), group: groupOf(2) }]);
      for (const { body } of receiver.received.splice(0)) {
        const [text, link, ...others] = JSON.parse(body).text.split("\n");
        assertEquals(others, []);
        assert(!/evil|all|here|channel|everyone|U123|general|href|urgent/.test(outsideOfCode(text)), text);
        // Even where the quotes are lost nobody is called, and no address, link or image stands as such.
        assert(!/(^|\W)@|@(all|here|channel|everyone)|[<>]|:\/\/|\]\(|!\[|&\w+;/.test(text), text);
        // People read what was sent.
        const printed = id.replace(/[\r\n]/g, "\ufffd");
        assert(text.normalize("NFKC").includes(printed.normalize("NFKC")), text);
        if (format === "json") assertEquals(link, undefined);
        else {assert(
            /^<https:\/\/fraud\.example\/#\/transactions\/[\w.%-]+\|Look at the transaction>$/.test(link),
            link,
          );}
      }
    }
    assertEquals(receiver.received, []);
  }
});

Deno.test("openWebhook() leaves plain ids and e-mail addresses as they are, and sends Slack a text only", async () => {
  await using receiver = await openReceiver(undefined, {
    format: "slack",
    secrets: [],
    publicUrl: "https://fraud.example",
  });
  const alert = alertOf(1);
  const verdict = { ...JSON.parse(alert.verdict), customer_id: "ann@example.com", transaction_id: "2-17" };
  await receiver.webhook.send([{ ...alert, verdict: JSON.stringify(verdict) }]);
  const { body, headers } = receiver.received[0];
  const { text, ...others } = JSON.parse(body);
  assertEquals([others, headers.get("Edgewood-Signature")], [{}, null]);
  assert(text.includes("by customer `ann@example.com` at terminal `m\ufffd1` (`2-17`)"), text);
  assertEquals(text.split("\n")[1], "<https://fraud.example/#/transactions/2-17|Look at 2-17>");
});

Deno.test("openWebhook() says of each answer whether another attempt may succeed", async () => {
  let status = 200;
  let headers: Record<string, string> = {};
  const now = Date.UTC(2026, 0, 1);
  await using receiver = await openReceiver(
    () => new Response(status === 204 ? null : "no \u001b[2J", { status, headers }),
    { nowMs: () => now },
  );
  for (status of [200, 201, 202, 204]) await receiver.webhook.send([alertOf(1)]);
  for (status of [401, 403, 404, 408, 409, 425, 429, 500, 502, 503, 504]) {
    const error = await assertRejects(() => receiver.webhook.send([alertOf(1)]), DeliveryError, `${status}`);
    assertEquals([error.retriable, error.retryAfterMs], [true, 0]);
    assert(!error.message.includes("\u001b") && !error.message.includes("confidential"), error.message);
  }
  for (status of [400, 405, 410, 413, 415, 422, 300, 308]) {
    const error = await assertRejects(() => receiver.webhook.send([alertOf(1)]), DeliveryError, `${status}`);
    assertEquals(error.retriable, false);
  }
  status = 429;
  for (
    const [value, ms] of [
      ["120", 120_000],
      ["Thu, 01 Jan 2026 00:00:30 GMT", 30_000],
      ["Wed, 31 Dec 2025 00:00:30 GMT", 0],
      ["86400", 3_600_000],
      ["-5", 0],
      ["soon", 0],
      ["", 0],
    ] as const
  ) {
    headers = { "retry-after": value };
    const error = await assertRejects(() => receiver.webhook.send([alertOf(1)]), DeliveryError);
    assertEquals(error.retryAfterMs, ms, value);
  }
});

Deno.test("openWebhook() follows no redirect", async () => {
  await using receiver = await openReceiver(({ path }) =>
    path.startsWith("/hooks")
      ? new Response(null, { status: 307, headers: { location: "/else" } })
      : new Response()
  );
  const error = await assertRejects(() => receiver.webhook.send([alertOf(1)]), DeliveryError, "307");
  assertEquals([error.retriable, receiver.received.length], [false, 1]);
});

Deno.test("openWebhook() waits no longer than told, and delivers no less for an answer whose body never ends", async () => {
  const held = Promise.withResolvers<Response>();
  let isHanging = true;
  const endless = () =>
    new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1000)) });
  await using receiver = await openReceiver(
    () => isHanging ? held.promise : new Response(endless()),
    { timeoutMs: 300 },
  );
  const error = await assertRejects(
    () => receiver.webhook.send([alertOf(1)]),
    DeliveryError,
    "within 300 ms",
  );
  assertEquals(error.retriable, true);
  const ending = AbortSignal.timeout(20);
  const startedAt = performance.now();
  await using patient = await openWebhook(receiver.address, { secrets: [SECRET], timeoutMs: 60_000 });
  await assertRejects(() => patient.send([alertOf(1)], ending), DeliveryError);
  assert(performance.now() - startedAt < patience(30_000));
  isHanging = false;
  held.resolve(new Response());
  await receiver.webhook.send([alertOf(2)]);
});

Deno.test("openWebhook() may try again where the connection breaks or is refused, and keeps the address to itself", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const closing = (async () => {
    for await (const connection of listener) {
      await connection.read(new Uint8Array(10));
      connection.close();
    }
  })();
  const address = readWebhookAddress(`http://127.0.0.1:${listener.addr.port}/confidential?key=confidential`);
  await using webhook = await openWebhook(address, { secrets: [SECRET] });
  for (const isListening of [true, false]) {
    if (!isListening) {
      listener.close();
      await closing;
    }
    const error = await assertRejects(() => webhook.send([alertOf(1)]), DeliveryError, address.url.host);
    assertEquals(error.retriable, true, error.message);
    assert(!error.message.includes("confidential"), error.message);
    assert(!webhook.name.includes("confidential"), webhook.name);
  }
});

Deno.test("openWebhook() sends user and password of the address as a header", async () => {
  await using receiver = await openReceiver(undefined, { path: "ann:p%40ss@127.0.0.1:PORT/x?y=1" });
  await receiver.webhook.send([alertOf(1)]);
  assertEquals(receiver.received[0].headers.get("authorization"), `Basic ${btoa("ann:p@ss")}`);
  assertEquals(receiver.received[0].path, "/x?y=1");
});

Deno.test("openWebhook() refuses to send unsigned, and secrets that can be guessed", async () => {
  const address = readWebhookAddress("https://hooks.example/a");
  await assertRejects(() => openWebhook(address), RangeError, "WEBHOOK_SECRET is not set");
  await assertRejects(
    () => openWebhook(address, { secrets: [SECRET, "short"] }),
    RangeError,
    "shortest has 5",
  );
});

Deno.test("readWebhookAddress() takes https, and http on the loopback alone", () => {
  for (
    const [text, format] of [
      ["https://hooks.example/a?b=c", "json"],
      ["webhook:https://hooks.example/a?b=c", "json"],
      ["webhook+slack:https://hooks.example/a?b=c", "slack"],
      ["http://localhost:8080/", "json"],
      ["http://127.0.0.1/", "json"],
      ["http://[::1]:80/", "json"],
    ]
  ) {
    assertEquals(readWebhookAddress(text).format, format);
  }
  for (
    const text of [
      "",
      "webhook:",
      "hooks.example/confidential",
      "http://hooks.example/confidential",
      "file:///etc/confidential",
      "http://127.0.0.1.example/confidential",
      "webhook+slack:ftp://h/confidential",
    ]
  ) {
    const error = assertThrows(() => readWebhookAddress(text), RangeError, "must be");
    assert(!text.includes("/confidential") || !error.message.includes("/confidential"), error.message);
  }
});

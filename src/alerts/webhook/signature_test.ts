import { assertEquals } from "../../testing/assert.ts";
import { signBody, verifySignature } from "./signature.ts";

const NOW_MS = 1_800_000_000_000;
const BODY = '{"text":"ß 😀"}';
const nowMs = () => NOW_MS;
const SECRET = "a secret of this test";

Deno.test("signBody() is HMAC-SHA256 over time, dot and body, as Web Crypto has it", async () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes(SECRET), algorithm, false, ["sign"]);
  const signature = await crypto.subtle.sign("HMAC", key, bytes(`1800000000.${BODY}`));
  assertEquals(
    signBody(BODY, [SECRET], NOW_MS + 999),
    `t=1800000000,v1=${new Uint8Array(signature).toHex()}`,
  );
});

Deno.test("verifySignature() takes either secret while they are changed, text or bytes", () => {
  const header = signBody(BODY, ["new", SECRET], NOW_MS);
  for (const secrets of ["new", SECRET, ["other", "new"]]) {
    assertEquals(verifySignature(BODY, header, secrets, { nowMs }), true);
  }
  assertEquals(verifySignature(new TextEncoder().encode(BODY), header, "new", { nowMs }), true);
  assertEquals(verifySignature(BODY, header, "other", { nowMs }), false);
  assertEquals(verifySignature(BODY, header, [], { nowMs }), false);
});

Deno.test("verifySignature() refuses what was changed, is old, or is no signature", () => {
  const header = signBody(BODY, [SECRET], NOW_MS);
  const digits = header.slice(header.indexOf("v1=") + 3);
  const refused: [body: string, header: string | null][] = [
    [`${BODY} `, header],
    ["", header],
    [BODY, null],
    [BODY, ""],
    [BODY, "t=,v1="],
    [BODY, `v1=${digits}`],
    [BODY, header.replace("t=1800000000", "t=1800000001")],
    [BODY, `t=1700000000,${header}`],
    [BODY, header.replace("v1=", "v0=")],
    [BODY, `t=1800000000,v1=${digits.slice(1)}`],
    [BODY, `t=1800000000,v1=${digits}00`],
    [BODY, `t=1800000000,v1=${digits.toUpperCase()}`],
    [BODY, `t=1800000000,v1=${digits.replace(/.$/, digits.endsWith("0") ? "1" : "0")}`],
    [BODY, signBody(BODY, [SECRET], NOW_MS - 301_000)],
    [BODY, signBody(BODY, [SECRET], NOW_MS + 302_000)],
    [BODY, "t=1e9,v1=00"],
    [BODY, "\u0000,,,==".repeat(10_000)],
  ];
  for (const [body, value] of refused) {
    assertEquals(verifySignature(body, value, SECRET, { nowMs }), false, String(value).slice(0, 100));
  }
  assertEquals(verifySignature(BODY, header, SECRET, { nowMs }), true);
  const old = signBody(BODY, [SECRET], NOW_MS - 301_000);
  assertEquals(verifySignature(BODY, old, SECRET, { nowMs, toleranceS: 400 }), true);
});

Deno.test("the receiver's code in the guide takes what signBody() makes, and nothing else", async () => {
  const guide = await Deno.readTextFile(new URL("../../../.github/docs/guide/alerts.md", import.meta.url));
  const code = /```js\n([\s\S]*?isGenuine[\s\S]*?)\n```/.exec(guide)![1];
  const { isGenuine } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  const body = '{"alert_id":"transactions/0/7","text":"ß"}';
  const header = signBody(body, ["new secret", "old secret"], Date.now());
  assertEquals([isGenuine(body, header, "new secret"), isGenuine(body, header, "old secret")], [true, true]);
  assertEquals(isGenuine(new TextEncoder().encode(body), header, "new secret"), true);
  const old = signBody(body, ["new secret"], Date.now() - 400_000);
  for (const wrong of [null, "", "t=1", "v1=00", old, header.replace("t=", "t=1"), header.slice(0, 20)]) {
    assertEquals(isGenuine(body, wrong, "new secret"), false, String(wrong));
  }
  assertEquals([isGenuine(`${body} `, header, "new secret"), isGenuine(body, header, "no secret")], [
    false,
    false,
  ]);
});

import { assertEquals, assertThrows } from "../../testing/assert.ts";
import { parseKafkaUrl } from "./url.ts";

Deno.test("parseKafkaUrl() lets sasl=plain go unencrypted to this machine, or where tls=false is written", () => {
  for (
    const [url, tls] of [
      ["kafka://u:p@localhost:9092,127.0.0.1?sasl=plain", false],
      ["kafka://u:p@k?sasl=plain&tls=false", false],
      ["kafka://u:p@k?sasl=plain&tls=true", true],
      ["kafka://u:p@k?sasl=plain&ca=a@b.pem", true],
      ["kafka://u:p@k?sasl=scram-sha-512", false],
      ["kafka://k?ca=/etc/a@b.pem", true],
    ] as const
  ) assertEquals(parseKafkaUrl(url).tls, tls, url);
});

Deno.test("parseKafkaUrl() reads hosts, ports, credentials and parameters", () => {
  assertEquals(parseKafkaUrl("kafka://kafka"), {
    brokers: ["kafka:9092"],
    name: "kafka://kafka:9092",
    clientId: "edgewood",
    tls: false,
    compression: "none",
  });
  assertEquals(
    parseKafkaUrl(
      "kafka://u%40x:p%3Aw:d@a.b:1,c_d:65535/?sasl=scram-sha-256&ca=%2Fca.pem&client_id=me&compression=zstd",
    ),
    {
      brokers: ["a.b:1", "c_d:65535"],
      name: "kafka://a.b:1,c_d:65535",
      clientId: "me",
      tls: true,
      caFile: "/ca.pem",
      sasl: { mechanism: "scram-sha-256", username: "u@x", password: "p:w:d" },
      compression: "zstd",
    },
  );
});

Deno.test("parseKafkaUrl() refuses what it cannot keep, without showing a password", () => {
  const cases: [string, string][] = [
    ["http://a", "form"],
    ["kafka://", "host"],
    ["kafka://a,,b", "host"],
    ["kafka://a:0", "port"],
    ["kafka://a:70000", "port"],
    ["kafka://a:x", "port"],
    ["kafka://[::1]:9092", "IPv4"],
    ["kafka://a/topic", "form"],
    ["kafka://a?tsl=true", "parameters"],
    ["kafka://a?tls=yes", "tls must be one of"],
    ["kafka://a?tls=true&tls=false", "once"],
    ["kafka://a?tls=false&ca=x", "beside ca"],
    ["kafka://a?ca=", "PEM"],
    ["kafka://u:hidden@a", "sasl must be one of"],
    ["kafka://u:hidden@a?sasl=gssapi", "sasl must be one of"],
    ["kafka://u@a?sasl=plain", "no password"],
    ["kafka://:hidden@a?sasl=plain", "no user"],
    ["kafka://u:hidden%@a?sasl=plain", "percent-encoded"],
    ["kafka://u:hid/den@a?sasl=plain", "form"],
    ["kafka://u:12?hidden@a", "form"],
    ["kafka://u:1/hidden@a?sasl=plain", "form"],
    ["kafka://u:hidden@k:9092?sasl=plain", "tls must be written"],
    ["kafka://u:hidden@127.0.0.1,k?sasl=plain", "tls must be written"],
    ["kafka://a?compression=brotli", "compression"],
  ];
  for (const [url, includes] of cases) {
    const error = assertThrows(() => parseKafkaUrl(url), TypeError, includes);
    assertEquals(/hidden|hid\/den/.test(error.message), false, `${url}: ${error.message}`);
  }
});

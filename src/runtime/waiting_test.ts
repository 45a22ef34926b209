import { assertEquals, assertMatch, assertRejects } from "../testing/assert.ts";
import { Waiting } from "./waiting.ts";

const soon = () => new Promise((resolve) => setTimeout(resolve, 5));

Deno.test("Waiting says once in each outage who is waited for, why and until when", async () => {
  const lines: string[] = [];
  const waiting = new Waiting("PostgreSQL at db:5432", (line) => lines.push(line), 1);
  const outage = () =>
    waiting.during(30_000, async (failed) => {
      const refused = Object.assign(new Error("connect ECONNREFUSED 10.0.0.1:5432"), {
        code: "ECONNREFUSED",
      });
      for (let i = 0; i < 3; i++) {
        failed(refused);
        await soon();
      }
      throw refused;
    });
  await assertRejects(outage);
  await assertRejects(outage);
  assertEquals(lines.length, 1);
  assertMatch(lines[0], /^waiting for PostgreSQL at db:5432: ECONNREFUSED; retrying until \d\d:\d\d:\d\d$/);
  await waiting.during(30_000, () => Promise.resolve());
  await assertRejects(outage);
  assertEquals(lines.length, 2);
});

Deno.test("Waiting is silent while a call works, however long, unless the call itself is silent", async () => {
  const lines: string[] = [];
  const waiting = new Waiting("Kafka", (line) => lines.push(line), 1);
  await waiting.during(1000, soon);
  assertEquals(lines, []);
  await waiting.during(1000, soon, true);
  assertMatch(lines[0], /^waiting for Kafka: no answer yet; /);
});

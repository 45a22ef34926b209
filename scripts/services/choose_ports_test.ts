import { assertEquals, assertThrows } from "../../src/testing/assert.ts";
import { choosePorts } from "./choose_ports.ts";

const ROLES = ["first", "second", "third"];

Deno.test("choosePorts() gives each role its port in the first block that is free as a whole", () => {
  const busy = new Set([29_402, 29_500]);
  const ports = choosePorts(ROLES, 29_400, { isFree: (port) => !busy.has(port) });
  assertEquals(ports, { first: 29_600, second: 29_601, third: 29_602 });
});

Deno.test("choosePorts() takes a fixed block or refuses it, naming the port in use", () => {
  assertEquals(choosePorts(ROLES, 1, { fixedFirstPort: 4000, isFree: () => true }).third, 4002);
  assertThrows(
    () => choosePorts(ROLES, 1, { fixedFirstPort: 4000, isFree: (port) => port !== 4001 }),
    Error,
    "current value is 4001 in use",
  );
});

Deno.test("choosePorts() refuses blocks that are not ports", () => {
  for (const fixedFirstPort of [0, -1, 80, 65_534, 70_000, 4000.5, NaN]) {
    assertThrows(
      () => choosePorts(ROLES, 1, { fixedFirstPort, isFree: () => true }),
      RangeError,
      "between 1024",
    );
  }
});

Deno.test("choosePorts() sees a port on which somebody listens", () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taken = (listener.addr as Deno.NetAddr).port;
  assertThrows(() => choosePorts(["only"], 1, { fixedFirstPort: taken }), Error, `${taken} in use`);
});

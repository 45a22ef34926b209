import { assert, assertEquals, assertRejects } from "../../src/testing/assert.ts";
import { keepSettings } from "./keep_settings.ts";

const report = () => {};

Deno.test("keepSettings() keeps ports and password, and chooses others only where nobody knows them", async () => {
  const runDir = await Deno.makeTempDir();
  const wanted = { portRoles: ["a", "b"], firstPort: 31_870 };
  const first = await keepSettings(runDir, wanted, { report });
  assertEquals(await keepSettings(runDir, wanted, { report }), first);
  using _holder = Deno.listen({ hostname: "127.0.0.1", port: first.ports.b });
  const error = await assertRejects(
    () => keepSettings(runDir, wanted, { report, areKnown: true, deadlineMs: 0 }),
    Error,
  );
  assert(error.message.includes(`${first.ports.b} in use`), error.message);
  const other = await keepSettings(runDir, wanted, { report, deadlineMs: 0 });
  assert(other.ports.a !== first.ports.a);
  assertEquals(other.password, first.password);
  await Deno.remove(runDir, { recursive: true });
});

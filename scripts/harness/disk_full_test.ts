/** A real disk that is full: a small tmpfs in a name space of the consumer's own. */
import { permissionsFor } from "../cli/launch/permissions.ts";
import { assert, assertEquals, assertMatch } from "../../src/testing/assert.ts";
import { embeddedArgs, makeEmbeddedRun } from "../../src/testing/embedded_run.ts";
import { runDeno, startDeno } from "../../src/testing/process.ts";
import { openSmallDisk } from "./small_disk.ts";
import type { Verification } from "../../src/verify/verify.ts";

const DISK_KB = 32_768;
/** What is free on the disk at first; the ledger takes more. */
const ROOM_KB = 2000;

const probe = await openSmallDisk(1024);
const reason = typeof probe === "string" ? probe : undefined;
if (typeof probe !== "string") await probe[Symbol.asyncDispose]();

Deno.test({
  name: `runConsumer() waits while the disk is full, and goes on where it stood${
    reason ? ` (not here: ${reason})` : ""
  }`,
  ignore: reason !== undefined,
  async fn() {
    const source = await Deno.makeTempDir();
    const disk = await openSmallDisk(DISK_KB);
    assert(typeof disk !== "string", `${disk}`);
    await using _ = disk;
    try {
      const records = await makeEmbeddedRun(source, { count: 12_000, faults: ["not JSON"], faultEvery: 20 });
      const args = [
        ...embeddedArgs(disk.folder),
        "--alerts",
        "none",
        "--max-batch-records",
        "100",
        "--flush-interval",
        "1s",
      ];
      // Room for the stream and for some of what becomes of it.
      const { size } = await Deno.stat(`${source}/stream.db`);
      const ballastKb = DISK_KB - Math.ceil(size / 1024) - ROOM_KB;
      await disk.run('cp -r "$2"/. "$1" && head -c "$3"k /dev/zero > "$1/ballast"', source, `${ballastKb}`);
      await using consumer = startDeno("scripts/commands/consume.ts", args, {
        permissions: permissionsFor("consume", args, () => undefined),
        through: disk.through,
      });
      await consumer.until(() => consumer.stderr.includes("trying again"), { what: "trouble with the disk" });
      assertMatch(consumer.stderr, /full|No space|disk I\/O/i);
      // It lives on, and commits nothing that is not whole.
      const momentMs = performance.now() + 1000;
      await consumer.until(() => performance.now() > momentMs);
      assert(!consumer.hasEnded, consumer.stderr);
      const look = async () => {
        const engines = embeddedArgs(disk.folder, ["stream", "ledger", "objects"]);
        const { stdout, stderr } = await runDeno("scripts/commands/verify.ts", [...engines, "--json"], {
          permissions: permissionsFor("verify", engines, () => undefined),
          through: disk.through,
        });
        assert(stdout !== "", stderr);
        return JSON.parse(stdout) as Verification;
      };
      await disk.run('rm "$1/ballast"');
      const found = await consumer.until(async () => {
        const verification = await look();
        return verification.ok && verification;
      }, { timeoutMs: 120_000, what: "verification" });
      assertEquals(found && found.committed, records);
      assertMatch(consumer.stderr, /works again/);
      consumer.kill("SIGTERM");
      const { code, stderr } = await consumer.ended();
      assertEquals(code, 0, stderr);
    } finally {
      await Deno.remove(source, { recursive: true });
    }
  },
});

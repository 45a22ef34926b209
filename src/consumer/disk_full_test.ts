/** A real disk that is full: a small tmpfs in a name space of the consumer's own. */
import { permissionsFor } from "../../scripts/permissions.ts";
import { assert, assertEquals, assertMatch } from "../testing/assert.ts";
import { embeddedArgs, makeEmbeddedRun } from "../testing/embedded_run.ts";
import { runDeno, startDeno } from "../testing/process.ts";
import type { Verification } from "../verify/verify.ts";

const DISK_KB = 32_768;
/** What is free on the disk at first; the ledger takes more. */
const ROOM_KB = 2000;
/** Mounts `$1` KiB at `$2`, copies `$3` into it, leaves `$4` KiB free, and runs the rest. */
const MOUNT = `mount -t tmpfs -o size="$1"k tmpfs "$2" && cp -r "$3"/. "$2" &&
  head -c "$4"k /dev/zero > "$2/ballast" && shift 4 && exec "$@"`;

/** Why no file system can be mounted here, if it cannot. */
async function unmountable(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "there are no name spaces on this system";
  const folder = await Deno.makeTempDir();
  const source = await Deno.makeTempDir();
  try {
    const { success, stderr } = await new Deno.Command("unshare", {
      args: ["-rm", "sh", "-c", MOUNT, "sh", "1024", folder, source, "1", "true"],
    }).output();
    return success ? undefined : new TextDecoder().decode(stderr).trim();
  } catch (error) {
    return (error as Error).message;
  } finally {
    await Deno.remove(folder, { recursive: true });
    await Deno.remove(source, { recursive: true });
  }
}

const reason = await unmountable();

Deno.test({
  name: `runConsumer() waits while the disk is full, and goes on where it stood${
    reason ? ` (not here: ${reason})` : ""
  }`,
  ignore: reason !== undefined,
  async fn() {
    const source = await Deno.makeTempDir();
    const disk = await Deno.makeTempDir();
    try {
      const records = await makeEmbeddedRun(source, { count: 12_000, faults: ["not JSON"], faultEvery: 20 });
      const args = [
        ...embeddedArgs(disk),
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
      await using consumer = startDeno("scripts/consume.ts", args, {
        permissions: permissionsFor("consume", args, () => undefined),
        through: ["unshare", "-rm", "sh", "-c", MOUNT, "sh", `${DISK_KB}`, disk, source, `${ballastKb}`],
      });
      await consumer.until(() => consumer.stderr.includes("trying again"), { what: "trouble with the disk" });
      assertMatch(consumer.stderr, /full|No space|disk I\/O/i);
      // It lives on, and commits nothing that is not whole.
      const momentMs = performance.now() + 1000;
      await consumer.until(() => performance.now() > momentMs);
      assert(!consumer.hasEnded, consumer.stderr);
      // The disk is seen only from the consumer's name space, and goes with it.
      const look = async () => {
        const engines = embeddedArgs(disk, ["stream", "ledger", "objects"]);
        const { stdout, stderr } = await runDeno("scripts/verify.ts", [...engines, "--json"], {
          permissions: permissionsFor("verify", engines, () => undefined),
          through: ["nsenter", "-U", "-m", "--preserve-credentials", "-t", `${consumer.pid}`],
        });
        assert(stdout !== "", stderr);
        return JSON.parse(stdout) as Verification;
      };
      await Deno.remove(`/proc/${consumer.pid}/root${disk}/ballast`);
      const found = await consumer.until(async () => {
        const verification = await look();
        return verification.ok && verification;
      }, { what: "verification" });
      assertEquals(found && found.committed, records);
      assertMatch(consumer.stderr, /works again/);
      consumer.kill("SIGTERM");
      const { code, stderr } = await consumer.ended();
      assertEquals(code, 0, stderr);
    } finally {
      await Deno.remove(source, { recursive: true });
      await Deno.remove(disk, { recursive: true });
    }
  },
});

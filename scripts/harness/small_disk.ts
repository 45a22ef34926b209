/**
 * A disk that can be full: a small file system in memory, mounted in a name space that needs no rights to make.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

/** A mounted small disk; disposing unmounts it. Only processes started through `through` see it. */
export interface SmallDisk extends AsyncDisposable {
  readonly folder: string;
  /** Prefix of a command that sees the disk; it runs in the project's folder. */
  readonly through: readonly string[];
  /** Runs a `sh` script that sees the disk (`$1`); throws Error if it fails. */
  run(script: string, ...args: string[]): Promise<void>;
}

const READY = "mounted\n";
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Mounts a disk of so many KiB; Linux only, where users may make name spaces (`unshare`, `nsenter`).
 *
 * @returns The disk, or why none can be mounted here.
 *
 * @example
 * ```ts
 * import { openSmallDisk } from "./small_disk.ts";
 *
 * const disk = await openSmallDisk(1024);
 * if (typeof disk !== "string") {
 *   await disk.run('test -d "$1"');
 *   await disk[Symbol.asyncDispose]();
 * }
 * ```
 */
export async function openSmallDisk(sizeKb: number): Promise<SmallDisk | string> {
  if (Deno.build.os !== "linux") return "there are no name spaces on this system";
  const folder = await Deno.makeTempDir();
  const script = `mount -t tmpfs -o size="$1"k tmpfs "$2" && echo mounted && exec sleep 86400`;
  let holder: Deno.ChildProcess;
  try {
    holder = new Deno.Command("unshare", {
      args: ["-rm", "sh", "-c", script, "sh", String(sizeKb), folder],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    await Deno.remove(folder);
    return (error as Error).message;
  }
  const reader = holder.stdout.getReader();
  const { value } = await reader.read();
  if (new TextDecoder().decode(value) !== READY) {
    const why = (await new Response(holder.stderr).text()).trim();
    await reader.cancel();
    await holder.status;
    await Deno.remove(folder);
    return why || "unshare ended without a word";
  }
  const enter = ["nsenter", "-U", "-m", "--preserve-credentials", "-t", String(holder.pid)];
  // Who enters stands at the root: back to where the process was started.
  const through = [...enter, "sh", "-c", 'cd "$0" && exec "$@"', ROOT];
  return {
    folder,
    through,
    async run(work, ...args) {
      const { success, stderr } = await new Deno.Command(through[0], {
        args: [...through.slice(1), "sh", "-c", work, "sh", folder, ...args],
      }).output();
      if (!success) throw new Error(`Cannot run "${work}": ${new TextDecoder().decode(stderr).trim()}`);
    },
    async [Symbol.asyncDispose]() {
      holder.kill("SIGKILL");
      await holder.status;
      await reader.cancel();
      await holder.stderr.cancel();
      await Deno.remove(folder);
    },
  };
}

import type { EndedProcess, RunningProcess } from "../../../src/testing/process.ts";

/**
 * Starts a program, as `startDeno` starts Deno; disposing of it kills it.
 *
 * @param command The program and its arguments.
 * @param env Names of the environment to set besides our own.
 */
export function startProgram(
  command: readonly string[],
  env: Record<string, string> = {},
): Pick<RunningProcess, "pid" | "ended"> & AsyncDisposable {
  const child = new Deno.Command(command[0], {
    args: command.slice(1),
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = child.output();
  return {
    pid: child.pid,
    async ended({ timeoutMs = 60_000 } = {}): Promise<EndedProcess> {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<undefined>((resolve) =>
        timer = setTimeout(() => resolve(undefined), timeoutMs)
      );
      const ended = await Promise.race([output, late]);
      clearTimeout(timer);
      if (ended === undefined) {
        throw new Error(`Cannot wait for ${command[0]} as it must end within ${timeoutMs} ms: it still runs`);
      }
      const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      const { code, signal, stdout, stderr } = ended;
      return { code, signal, stdout: text(stdout), stderr: text(stderr) };
    },
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch (error) {
        // It has ended.
        if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
      }
      await output;
    },
  };
}

export interface ShellResult {
  /** Exit code; 0 is success, 127 means that the program is not there. */
  code: number;
  stdout: string;
  stderr: string;
}

export interface ShellOptions {
  env?: Record<string, string>;
}

/**
 * Runs a `sh` script to its end and returns exit code and output.
 *
 * All commands of the services go through `sh`: so the task needs no more than `--allow-run=sh`, and a program that is
 * absent is exit code 127 and not an error of its own kind. Values go in as `"$1"`, `"$2"`, never into the script.
 *
 * @example
 * ```ts
 * const { code, stdout } = await shell('printf "%s" "$1"', ["two words"]);
 * if (code !== 0 || stdout !== "two words") throw new Error(stdout);
 * ```
 */
export async function shell(
  script: string,
  args: readonly string[] = [],
  options: ShellOptions = {},
): Promise<ShellResult> {
  const output = await new Deno.Command("sh", {
    args: ["-c", script, "sh", ...args],
    env: options.env,
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trimEnd();
  return { code: output.code, stdout: text(output.stdout), stderr: text(output.stderr) };
}

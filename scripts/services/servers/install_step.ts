import { type InstallContext, UnavailableError } from "../definition.ts";
import { shell } from "../shell.ts";

export interface InstallStepOptions {
  /** Programs that a machine may lack, with advice. */
  needs: Record<string, string>;
  /** For the lines of progress. */
  doing: string;
  /** `sh` script: `$1` is an empty folder to install into, then `args`. It must fail if any part fails. */
  script: string;
  args?: string[];
}

const REPORT_EVERY_MS = 20_000;

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, (error) => {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  });
}

/**
 * Returns the folder `cacheDir/name`, installing into it by a script when it is not there yet.
 *
 * The script works in a folder beside it that takes the final name only on success, so an install that was cut off is
 * done again. Its output goes to `cacheDir/name.log`. Throws an UnavailableError with the reason in one line when a
 * needed program is absent or the script fails.
 */
export async function installStep(
  name: string,
  context: InstallContext,
  options: InstallStepOptions,
): Promise<string> {
  const folder = `${context.cacheDir}/${name}`;
  if (await exists(folder)) return folder;
  for (const [program, advice] of Object.entries(options.needs)) {
    if ((await shell('command -v "$1"', [program])).code !== 0) {
      throw new UnavailableError(`the program ${program} is not installed; ${advice}`);
    }
  }
  const partial = `${folder}.partial`;
  const log = `${folder}.log`;
  if (await exists(partial)) await Deno.remove(partial, { recursive: true });
  await Deno.mkdir(partial, { recursive: true });
  context.report(`${options.doing}; output in ${log}`);
  const start = performance.now();
  const progress = setInterval(() => {
    context.report(`still ${options.doing}, ${Math.round((performance.now() - start) / 1000)} s so far`);
  }, REPORT_EVERY_MS);
  try {
    const { code } = await shell(`log=$1; shift; { ${options.script}\n} >"$log" 2>&1`, [
      log,
      partial,
      ...options.args ?? [],
    ]);
    if (code !== 0) {
      const told = (await Deno.readTextFile(log)).trim().split("\n").filter((line) => line.trim() !== "");
      const why = told.findLast((line) => /error|fail|unable|cannot|could not|no such|refused/i.test(line)) ??
        told.at(-1);
      throw new UnavailableError(
        `${options.doing} ended with exit code ${code}: ${why?.trim() ?? "no output"}`,
      );
    }
  } finally {
    clearInterval(progress);
  }
  await Deno.rename(partial, folder);
  context.report(`installed in ${Math.round((performance.now() - start) / 1000)} s`);
  return folder;
}

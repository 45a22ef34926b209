import { runDeno } from "./process.ts";

let built: Promise<void> | undefined;

/**
 * Builds the WebAssembly module where its sources changed, so that a test also runs without `deno task build` before it.
 *
 * @throws Error with all that the build printed, where it fails.
 */
export function buildModule(): Promise<void> {
  return built ??= build();
}

async function build(): Promise<void> {
  const { code, stdout, stderr } = await runDeno("scripts/dev/build.ts", [], {
    permissions: ["--allow-read", "--allow-write=build", "--allow-env"],
  });
  if (code !== 0) throw new Error(`Cannot build the module: ${stdout}${stderr}`);
}

import { fileURLToPath } from "node:url";
import { installStep } from "./servers/install_step.ts";
import { UnavailableError } from "./definition.ts";

/** Versions of the packages; together they name the folder that they are installed in. */
const PACKAGES = ["confluent-kafka==2.16.1", "pyarrow==26.0.1", "duckdb==2.0.1"];

/** Python with other clients: we read what they wrote, and they read what we wrote. */
export interface PythonClients {
  /** Runs a Python script and returns its output; throws Error with its standard error if it fails. */
  run(script: string, ...args: string[]): Promise<string>;
}

/**
 * Installs confluent-kafka, pyarrow and DuckDB from PyPI into `.services/cache` where they are absent.
 *
 * Needs `--allow-run` and read and write of `.services`.
 *
 * @param folder `.services` of the checkout by default.
 * @returns The interpreter with them, or one line that says why they cannot be installed here.
 *
 * ```ts ignore
 * import { openPythonClients } from "./scripts/services/python_clients.ts";
 *
 * const python = await openPythonClients();
 * if (typeof python !== "string") console.log(await python.run("import pyarrow; print(pyarrow.__version__)"));
 * ```
 */
export async function openPythonClients(folder?: string): Promise<PythonClients | string> {
  const services = folder ?? fileURLToPath(new URL("../../.services", import.meta.url));
  const name = `python-${PACKAGES.map((each) => each.split("==")[1]).join("-")}`;
  try {
    const installed = await installStep(name, { cacheDir: `${services}/cache`, report: () => {} }, {
      needs: { python3: "install Python 3 with pip" },
      doing: "installing confluent-kafka, pyarrow and DuckDB with pip",
      script:
        "target=$1; shift; python3 -m pip install --quiet --disable-pip-version-check --only-binary :all: " +
        '--target "$target" "$@"',
      args: PACKAGES,
    });
    return { run: (script, ...args) => runPython(installed, script, args) };
  } catch (error) {
    if (error instanceof UnavailableError) return error.message;
    throw error;
  }
}

async function runPython(installed: string, script: string, args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("python3", {
    args: ["-c", script, ...args],
    env: { PYTHONPATH: installed },
  }).output();
  if (!success) throw new Error(`The script of Python must end well: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

import { basename, dirname, join } from "node:path";
import { ENVIRONMENT, LOGINS, type ReadEnvironment, SECRET_SETTINGS } from "../../../src/config.ts";
import type { Permissions } from "../../../src/runtime/engine.ts";
import { COMMANDS } from "../../commands/list.ts";
import { namedBy } from "./named_by.ts";
import { needsOf } from "./needs.ts";

/** Names that every command reads: the settings, and what the terminal can show. */
const COMMON_ENVIRONMENT = [
  ...Object.values(ENVIRONMENT),
  ...Object.values(LOGINS).flat(),
  "NO_COLOR",
  "FORCE_COLOR",
  "CLICOLOR_FORCE",
  "TERM",
];

/**
 * Works out the permission flags of a command from its arguments and settings, by what it and its options declare.
 *
 * @param command Name of one of `COMMANDS`.
 * @param args Arguments of the command; what is wrong with them the command itself says.
 * @param read Reads a name of the environment.
 * @param realPath Follows links to where a path really is, since Deno asks for that place too; undefined for what is absent.
 * @param note Gets a sentence for each path that Deno's flags cannot name, so that more is allowed.
 * @returns Flags for `deno run`.
 *
 * @example
 * ```ts
 * import { assert } from "../../../src/testing/assert.ts";
 * import { permissionsFor } from "./permissions.ts";
 *
 * const flags = permissionsFor("score", ["--model=m", "--input", "a.csv", "--output=out/b.csv"], () => undefined);
 * assert(flags.includes("--allow-read=build,m,a.csv,out"));
 * assert(!flags.some((flag) => flag.startsWith("--allow-net")));
 * ```
 */
export function permissionsFor(
  command: string,
  args: readonly string[],
  read: ReadEnvironment,
  realPath: (path: string) => string | undefined = () => undefined,
  note: (text: string) => void = () => {},
): string[] {
  const permissions = needsOf(COMMANDS.find((each) => each.name() === command)!).flatMap((need) =>
    need({
      values: (option) => namedBy([option], args),
      has: (option) => args.includes(option),
      read,
      isThere: (path) => realPath(path) !== undefined,
    })
  );
  const all = (kind: "read" | "write" | "env" | "sys" | "run") =>
    permissions.flatMap((each) => each[kind] ?? []);
  const sys = all("sys");
  const env = [...COMMON_ENVIRONMENT, ...all("env")];
  const files = env.filter((name) => SECRET_SETTINGS.has(name)).map((name) => `${name}_FILE`);
  const secretFiles = files.map(read).filter((path) => path !== undefined && path !== "") as string[];
  const withRealPaths = (paths: string[]) => [
    ...paths,
    ...paths.map((path) => realPlace(path, realPath)).filter((path) => path !== undefined),
  ];
  const named = (paths: readonly string[]) => {
    for (const path of paths.filter((each) => each.includes(","))) {
      note(
        `Deno's permissions cannot name ${path}, for its comma: ${command} may use all of ${
          withoutComma(path)
        }`,
      );
    }
    return withRealPaths(paths.map(withoutComma));
  };
  const writes = named(all("write"));
  const hosts = permissions.flatMap(({ net = [] }) => net);
  return [
    "--no-prompt",
    ...permissions.some(({ ignoresEnv }) => ignoresEnv) ? ["--ignore-env"] : [],
    ...sys.includes("any") ? ["--allow-sys"] : flag("sys", sys),
    ...flag("run", all("run")),
    ...flag("env", [...env, ...files]),
    ...flag("read", [...named([...all("read"), ...secretFiles]), ...writes]),
    ...flag("write", writes),
    ...hosts.includes("any") ? ["--allow-net"] : flag("net", hosts),
  ];
}

/** Where a path really is, also where its last part is to be made. */
function realPlace(path: string, realPath: (path: string) => string | undefined): string | undefined {
  const real = realPath(path);
  if (real !== undefined) return real;
  const folder = realPath(dirname(path));
  return folder === undefined ? undefined : join(folder, basename(path));
}

function flag(kind: keyof Permissions, values: readonly string[]): string[] {
  if (values.length === 0) return [];
  return [`--allow-${kind}=${[...new Set(values)].join(",")}`];
}

/** The path, or the nearest folder above it without a comma: Deno's lists of paths have no way to write one. */
function withoutComma(path: string): string {
  return path.includes(",") ? withoutComma(dirname(path)) : path;
}

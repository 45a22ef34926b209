import { ENVIRONMENT, type ReadEnvironment } from "../../../src/config.ts";
import type { Permissions } from "../../../src/runtime/engine.ts";
import { COMMANDS } from "../../commands/list.ts";
import { namedBy } from "./named_by.ts";
import { needsOf } from "./needs.ts";

/** Names that every command reads: the settings, and what the terminal can show. */
const COMMON_ENVIRONMENT = [
  ...Object.values(ENVIRONMENT),
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
  const withRealPaths = (paths: string[]) => [
    ...paths,
    ...paths.map(realPath).filter((path) => path !== undefined),
  ];
  const writes = withRealPaths(all("write"));
  const hosts = permissions.flatMap(({ net = [] }) => net);
  return [
    "--no-prompt",
    ...permissions.some(({ ignoresEnv }) => ignoresEnv) ? ["--ignore-env"] : [],
    ...flag("sys", all("sys")),
    ...flag("run", all("run")),
    ...flag("env", [...COMMON_ENVIRONMENT, ...all("env")]),
    ...flag("read", [...withRealPaths(all("read")), ...writes]),
    ...flag("write", writes),
    ...hosts.includes("any") ? ["--allow-net"] : flag("net", hosts),
  ];
}

/** A flag with its values, none where there are none; Deno takes a comma in a path doubled. */
function flag(kind: keyof Permissions, values: readonly string[]): string[] {
  if (values.length === 0) return [];
  return [`--allow-${kind}=${[...new Set(values)].map((value) => value.replaceAll(",", ",,")).join(",")}`];
}

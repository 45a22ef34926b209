import { type ProcessOptions, type RunningProcess, startDeno } from "../../src/testing/process.ts";
import { memoryBounds } from "../cli/launch/memory_bounds.ts";
import { permissionsFor } from "../cli/launch/permissions.ts";

/**
 * Starts a command as its task does: under the permissions and memory bounds that its arguments and settings give it.
 *
 * @param options `env` holds all settings that count; `permissions` replaces those of the task.
 */
export function startCommand(
  command: string,
  args: readonly string[],
  options: ProcessOptions & { preload?: string } = {},
): RunningProcess {
  const read = (name: string) => options.env?.[name];
  const { flags, env } = memoryBounds(command, args, read);
  const permissions = [...flags, ...options.permissions ?? permissionsFor(command, args, read)];
  if (options.preload !== undefined) permissions.push(`--preload=${options.preload}`);
  return startDeno(`scripts/commands/${command}.ts`, args, {
    ...options,
    permissions,
    env: { ...env, ...options.env },
  });
}

/**
 * Whether a file below `/proc/PID` cannot be read because the process has ended, or because the system has no such folder.
 *
 * @example
 * ```ts
 * import { assertEquals } from "./assert.ts";
 * import { isProcessGone } from "./is_process_gone.ts";
 *
 * assertEquals(isProcessGone(new Deno.errors.NotFound()), true);
 * assertEquals(isProcessGone(new Deno.errors.PermissionDenied()), false);
 * ```
 */
export function isProcessGone(error: unknown): boolean {
  // Deno has no class for ESRCH, and gives it no code where a file is being read.
  return error instanceof Deno.errors.NotFound || (error as Error).message.includes("(os error 3)");
}

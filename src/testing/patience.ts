/**
 * A deadline for this machine as it is now: so many times longer as processes wait for each of its cores.
 *
 * @param ms What is ample on a quiet machine.
 * @returns At least `ms`; `ms` itself where the load may not be read (`--allow-sys=loadavg`).
 *
 * @example
 * ```ts
 * import { assert } from "./assert.ts";
 * import { patience } from "./patience.ts";
 *
 * assert(patience(1000) >= 1000);
 * ```
 */
export function patience(ms: number): number {
  if (Deno.permissions.querySync({ name: "sys", kind: "loadavg" }).state !== "granted") return ms;
  return ms * Math.max(1, Deno.loadavg()[0] / navigator.hardwareConcurrency);
}

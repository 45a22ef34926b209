export interface ChoosePortsOptions {
  /** First port of the block: taken or refused. */
  fixedFirstPort?: number;
  /** Whether a port of 127.0.0.1 is free (default: tries to listen). */
  isFree?: (port: number) => boolean;
}

/** Distance between the blocks that are tried one after another. */
const BLOCK_STEP = 100;
const BLOCKS = 20;

function canListen(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse || error instanceof Deno.errors.PermissionDenied) return false;
    throw error;
  }
}

/**
 * Chooses one free port of 127.0.0.1 for each role, in a block that starts at `firstPort` or a multiple of 100 above it.
 *
 * With `fixedFirstPort` only that block will do. Throws a RangeError for a block outside 1024 to 65535, and an Error
 * that names the first port in use where no block is free.
 *
 * @example
 * ```ts
 * const ports = choosePorts(["server", "admin"], 29_900, { isFree: (port) => port !== 29_901 });
 * if (ports.server !== 30_000 || ports.admin !== 30_001) throw new Error("the first block is not free");
 * ```
 */
export function choosePorts(
  roles: readonly string[],
  firstPort: number,
  options: ChoosePortsOptions = {},
): Record<string, number> {
  const { fixedFirstPort, isFree = canListen } = options;
  let taken: number | undefined;
  const first = fixedFirstPort ?? firstPort;
  for (let block = 0; block < (fixedFirstPort === undefined ? BLOCKS : 1); block++) {
    const ports = roles.map((_, position) => first + block * BLOCK_STEP + position);
    if (!Number.isInteger(first) || ports[0] < 1024 || ports[ports.length - 1] > 65_535) {
      throw new RangeError(
        `Cannot choose ports as the first of ${roles.length} must be an integer between 1024 and ` +
          `${65_535 - roles.length + 1}: current value is ${ports[0]}`,
      );
    }
    const busy = ports.find((port) => !isFree(port));
    if (busy === undefined) return Object.fromEntries(roles.map((role, position) => [role, ports[position]]));
    taken ??= busy;
  }
  throw new Error(
    `Cannot listen on 127.0.0.1 as ports ${first} to ${first + roles.length - 1} must be free: ` +
      `current value is ${taken} in use`,
  );
}

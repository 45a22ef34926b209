import { type HttpAddress, isLoopback } from "../../../src/http/address.ts";
import { openTokenFile, type TokenFile } from "../../../src/http/access/token_file.ts";
import type { Telemetry } from "../../../src/runtime/telemetry.ts";
import { UsageError } from "../run_command.ts";

/**
 * Opens the tokens that a command was given for the address where it listens.
 *
 * @throws UsageError where there are none for an address that others can reach, or for no address at all.
 */
export async function openTokens(
  { http, tokens }: { http?: HttpAddress; tokens?: string },
  telemetry: Telemetry,
): Promise<TokenFile | undefined> {
  if (tokens !== undefined) {
    if (http === undefined) {
      throw new UsageError("Cannot use the tokens as --http must say where to listen: it is not given");
    }
    return await openTokenFile(tokens, telemetry);
  }
  if (http !== undefined && !isLoopback(http)) {
    throw new UsageError(
      "Cannot listen beyond this machine as --tokens must name a file of tokens (`deno task token` makes one): " +
        "it is not given",
    );
  }
  return undefined;
}

import { type Command, Option } from "commander";
import { userInfo } from "node:os";
import { needing } from "../launch/needs.ts";

/** Value of the option: a name, true where none is given, undefined without the option. */
export interface AcceptGapsFlag {
  acceptGaps?: string | true;
}

/** Adds the option by which a person accepts that records are lost which the stream deleted before they were read. */
export function acceptGapsOption(command: Command): Command {
  const option = new Option(
    "--accept-gaps [name]",
    "accept that records are lost which the stream deleted before they were read; the ledger keeps who did " +
      "(default: the user of this machine)",
  );
  return command.addOption(
    needing(option, ({ has }) => has("--accept-gaps") ? { sys: ["uid", "gid", "userInfo"] } : {}),
  );
}

/** Who accepts the loss; undefined without the option. */
export function acceptedBy({ acceptGaps }: AcceptGapsFlag): string | undefined {
  if (acceptGaps !== true) return acceptGaps;
  try {
    return userInfo().username;
  } catch {
    // A container's user may have a number alone.
    return `uid ${Deno.uid()}`;
  }
}

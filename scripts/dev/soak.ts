import { Command, InvalidArgumentError } from "commander";
import { decimalNumber } from "../cli/options/values.ts";
import { runAsProgram } from "../cli/run_command.ts";
import { openFaultServers } from "../harness/fault_servers.ts";
import { soak, type SoakOptions } from "../harness/soak.ts";

/** The command `soak`. */
export const soakCommand: Command = new Command("soak")
  .description("Consume at full speed while the object store is down for part of the time.")
  .option("--minutes <n>", "how long", decimalNumber(0), 10)
  .option("--down-share <share>", "share of the time that the store is down", share, 0.5)
  .addHelpText(
    "after",
    "\nExit codes: 0 memory stayed bounded, objects caught up and all was stored, or the servers cannot be installed " +
      "here; 1 it did not; 2 wrong use.",
  )
  .action(async (options: SoakOptions) => {
    const servers = await openFaultServers();
    if (servers !== undefined && !await soak(servers.services, options)) Deno.exitCode = 1;
  });

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value < 1)) {
    throw new InvalidArgumentError(`It must be at least 0 and less than 1: current value is ${text}`);
  }
  return value;
}

if (import.meta.main) await runAsProgram(soakCommand);

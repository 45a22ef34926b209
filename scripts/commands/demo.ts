import { Command } from "commander";
import type { HttpAddress } from "../../src/http/address.ts";
import { browserOpener } from "../cli/launch/browser_opener.ts";
import { type Launch, needing } from "../cli/launch/needs.ts";
import { folderToWrite, httpAddress, listening, usesModule } from "../cli/options/places.ts";
import { decimalNumber, wholeNumber } from "../cli/options/values.ts";
import { runAsProgram } from "../cli/run_command.ts";
import { OPEN_ADDRESS, OPEN_RATE_PER_S, RATE_PER_S } from "./demo/defaults.ts";

/** Values of the options. */
export interface DemoFlags {
  count: number;
  rate?: number;
  seed: number;
  dir: string;
  json?: boolean;
  open?: boolean;
  http?: HttpAddress;
}

/** The command `demo`: train, produce and consume at the same time, and say how good the catch was. */
export const demoCommand: Command = needing(usesModule(new Command("demo")), permissionsOf)
  .description(
    "Train a model, produce simulated transactions and score them as they come, all in one process without a server; " +
      "then show the catch.",
  )
  .option("--count <n>", "transactions", wholeNumber(1000), 100_000)
  .option(
    "--rate <n>",
    `transactions a second (default: ${RATE_PER_S}, with --open ${OPEN_RATE_PER_S})`,
    decimalNumber(0),
  )
  .option("--seed <n>", "fixes every random choice", wholeNumber(0, 2 ** 32 - 1), 1)
  .addOption(folderToWrite("--dir <dir>", "folder for all of it; made anew").default(".edgewood/demo"))
  .option("--json", "print the results as JSON")
  .option("--open", "go on with live traffic and its page until Ctrl-C, and open the page in a browser")
  .option("--http <host:port>", `with --open: where the page is (default: ${OPEN_ADDRESS})`, httpAddress)
  .action(async (flags: DemoFlags) => await (await import("./demo/run.ts")).demo(flags));

/** With `--open` it listens, and opens a browser where there is one. */
function permissionsOf({ values, has, isThere }: Launch) {
  const own = { write: [".edgewood"] };
  const named = values("--http");
  if (!has("--open")) return [own, listening(named)];
  const opener = browserOpener(isThere);
  const addresses = named.length > 0 ? named : [OPEN_ADDRESS];
  return [own, listening(addresses), opener === undefined ? {} : { run: [opener] }];
}

if (import.meta.main) await runAsProgram(demoCommand);

/**
 * One program with every command: what `deno task compile` makes a binary of.
 *
 * @module
 */
import { Command } from "commander";
import { runAsProgram } from "../cli/run_command.ts";
import { COMMANDS } from "./list.ts";

/** The program `edgewood`. */
export const edgewoodCommand: Command = new Command("edgewood")
  .description("Fraud in a stream of card transactions, found by an Isolation Forest in WebAssembly.");
for (const command of COMMANDS) edgewoodCommand.addCommand(command);

if (import.meta.main) await runAsProgram(edgewoodCommand);

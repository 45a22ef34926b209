/**
 * One program with every command: what `deno task compile` makes a binary of.
 *
 * @module
 */
import { Command } from "commander";
import { consumeCommand } from "./consume.ts";
import { demoCommand } from "./demo.ts";
import { evaluateCommand } from "./evaluate.ts";
import { labelCommand } from "./label.ts";
import { produceCommand } from "./produce.ts";
import { runAsProgram } from "../cli/run_command.ts";
import { scoreCommand } from "./score.ts";
import { serveCommand } from "./serve.ts";
import { tokenCommand } from "./token.ts";
import { trainCommand } from "./train.ts";
import { verifyCommand } from "./verify.ts";

/** The program `edgewood`. */
export const edgewoodCommand: Command = new Command("edgewood")
  .description("Fraud in a stream of card transactions, found by an Isolation Forest in WebAssembly.");
for (
  const command of [
    produceCommand,
    trainCommand,
    consumeCommand,
    labelCommand,
    scoreCommand,
    serveCommand,
    tokenCommand,
    evaluateCommand,
    verifyCommand,
    demoCommand,
  ]
) edgewoodCommand.addCommand(command);

if (import.meta.main) await runAsProgram(edgewoodCommand);

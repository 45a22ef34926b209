import type { Command } from "commander";
import { consumeCommand } from "./consume.ts";
import { demoCommand } from "./demo.ts";
import { evaluateCommand } from "./evaluate.ts";
import { inspectCommand } from "./inspect.ts";
import { labelCommand } from "./label.ts";
import { produceCommand } from "./produce.ts";
import { scoreCommand } from "./score.ts";
import { serveCommand } from "./serve.ts";
import { tokenCommand } from "./token.ts";
import { trainCommand } from "./train.ts";
import { verifyCommand } from "./verify.ts";

/**
 * The commands of the program.
 *
 * The launcher reads their options to work out permissions, so a command imports what it runs when it runs.
 */
export const COMMANDS: readonly Command[] = [
  produceCommand,
  inspectCommand,
  trainCommand,
  consumeCommand,
  labelCommand,
  scoreCommand,
  serveCommand,
  tokenCommand,
  evaluateCommand,
  verifyCommand,
  demoCommand,
];

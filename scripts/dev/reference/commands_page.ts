import type { Command } from "commander";
import { runCommand } from "../../cli/run_command.ts";
import { benchCommand } from "../bench.ts";
import { edgewoodCommand } from "../../commands/edgewood.ts";
import { envCommand } from "../../commands/env.ts";
import { servicesCommand } from "../services.ts";
import { soakCommand } from "../soak.ts";
import { testServicesCommand } from "../test_services.ts";
import { compileCommand } from "../compile.ts";
import { okCommand } from "../ok.ts";
import { prose } from "./table.ts";

const HELP_WIDTH = 96;
const SECTIONS: readonly (readonly [title: string, commands: readonly Command[]])[] = [
  ["Commands of the service", edgewoodCommand.commands.filter((command) => command.name() !== "help")],
  ["Servers and tests on them", [envCommand, servicesCommand, testServicesCommand, soakCommand]],
  ["Development", [benchCommand, okCommand, compileCommand]],
];

/** The page of commands: what `--help` prints for each, subcommands included. */
export async function commandsPage(): Promise<string> {
  const parts = [
    "# Commands",
    prose(
      "Run each as `deno task NAME`. Exit codes: 0 done, 1 failed or a check said no, 2 wrong usage. Results go to standard " +
        "output, progress and errors to standard error.",
    ),
  ];
  for (const [title, commands] of SECTIONS) {
    parts.push(`## ${title}`);
    for (const command of commands) {
      parts.push(`### ${command.name()}`, await helpOf(command));
      for (const inner of command.commands.filter((each) => each.name() !== "help")) {
        parts.push(`#### ${command.name()} ${inner.name()}`, await helpOf(inner));
      }
    }
  }
  return parts.join("\n\n");
}

async function helpOf(command: Command): Promise<string> {
  let text = "";
  command.configureOutput({
    writeOut: (more) => void (text += more),
    getOutHelpWidth: () => HELP_WIDTH,
    getOutHasColors: () => false,
  });
  await runCommand(command, ["--help"]);
  return `\`\`\`text\n${text.trim()}\n\`\`\``;
}

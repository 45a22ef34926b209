import { Command } from "commander";
import type { Config } from "../../src/config.ts";
import { REGISTRY_ENVIRONMENT } from "../../src/config.ts";
import { engineOptions } from "../cli/options/engines.ts";
import { OF_YAML } from "../cli/options/definition.ts";
import { fileToRead, fileToWrite, usesModule } from "../cli/options/places.ts";
import { topicName } from "../cli/options/values.ts";
import { needing } from "../cli/launch/needs.ts";
import { runAsProgram } from "../cli/run_command.ts";

/** Values of the options. */
export interface InspectFlags extends Partial<Config> {
  topic: string;
  input?: string;
  out?: string;
  check?: string;
  registry?: string;
  json?: boolean;
}

/** The command `inspect`: what the records of a topic or file are, and a definition that reads them. */
export const inspectCommand: Command = needing(
  usesModule(engineOptions(
    new Command("inspect")
      .description(
        "Look at the first, middle and last records of a topic or file: format, fields, and a proposed stream definition. " +
          "Nothing is made or changed.",
      )
      .option("--topic <name>", "topic to look at", topicName, "transactions")
      .addOption(fileToRead("--input <file>", "NDJSON file to look at instead, plain or .gz"))
      .addOption(fileToWrite("--out <file>", "write the proposed definition there, which must not exist"))
      .addOption(
        fileToRead(
          "--check <file>",
          "say how many of the records this definition takes; exit code 1 if it refuses one",
        ),
      )
      .option("--registry <url>", "schema registry of the records")
      .option("--json", "print what was found as JSON"),
    ["stream"],
  )),
  ({ values }) => ({
    env: [...Object.values(REGISTRY_ENVIRONMENT), ...OF_YAML],
    net: hostsOf(values("--registry")),
  }),
).action(async (flags: InspectFlags) => await (await import("./inspect/run.ts")).inspect(flags));

function hostsOf(urls: readonly string[]): string[] {
  return urls.filter((url) => URL.canParse(url)).map((url) => {
    const { protocol, hostname, port } = new URL(url);
    return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
  });
}

if (import.meta.main) await runAsProgram(inspectCommand);

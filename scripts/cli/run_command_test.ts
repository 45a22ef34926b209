import { Command } from "commander";
import project from "../../deno.json" with { type: "json" };
import { assert, assertEquals } from "../../src/testing/assert.ts";
import { edgewoodCommand } from "../commands/edgewood.ts";
import { runCommand } from "./run_command.ts";

/** What a command prints on standard output, and its exit code. */
async function printed(command: Command, ...args: string[]): Promise<[code: number, text: string]> {
  let text = "";
  const writeOut = (more: string) => void (text += more);
  for (const each of [command, ...command.commands]) each.configureOutput({ writeOut });
  return [await runCommand(command, args), text];
}

Deno.test("runCommand() prints the version of deno.json for --version and -V, whatever the command requires", async () => {
  const command = new Command("needs").requiredOption("--file <file>").action(() => {});
  assertEquals(await printed(command, "--version"), [0, `${project.version}\n`]);
  assertEquals(await printed(command, "-V"), [0, `${project.version}\n`]);
  assert(edgewoodCommand.commands.length >= 10);
  for (const args of [[], ...edgewoodCommand.commands.map((each) => [each.name()])]) {
    assertEquals(await printed(edgewoodCommand, ...args, "--version"), [0, `${project.version}\n`], args[0]);
  }
});

Deno.test("the image in docker-compose.yml and the newest entry of CHANGELOG.md have the version of deno.json", async () => {
  const text = (path: string) => Deno.readTextFile(new URL(`../../${path}`, import.meta.url));
  const image = /image: edgewood:(.+)/.exec(await text("docker-compose.yml"))?.[1];
  const newest = /^## \[(\d.*?)\]/m.exec(await text(".github/CHANGELOG.md"))?.[1];
  assertEquals([image, newest], [project.version, project.version]);
});

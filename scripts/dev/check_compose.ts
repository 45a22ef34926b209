/**
 * Checks docker-compose.yml against the schema of the Compose specification.
 *
 * The schema is the one that Compose itself is built with; it comes from its Go module, so the check needs `go` and
 * skips, saying so, where there is none.
 *
 * @module
 */
import Ajv from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { Command } from "commander";
import { parse } from "yaml";
import { runAsProgram } from "../cli/run_command.ts";

const MODULE = "github.com/compose-spec/compose-go/v2@v2.16.2";

/** The command `check:compose`: exit code 1 where docker-compose.yml does not match the schema. */
export const checkComposeCommand: Command = new Command("check:compose")
  .description(
    "Check docker-compose.yml against the Compose specification's schema; --run tries it in containers.",
  )
  .option("--run", "bring it up with three consumers, kill one, and verify 60,000 records")
  .option("--quick", "with --run: 10,000 records")
  .action(async ({ run, quick }: { run?: boolean; quick?: boolean }) => {
    await check();
    if (!run) return;
    const { runCompose } = await import("./compose/run.ts");
    const report = (line: string) => console.error(line);
    console.log(await runCompose({ count: quick ? 10_000 : 60_000, report }));
  });

async function check(): Promise<void> {
  const schema = await readSchema();
  if (schema === undefined) {
    console.error("skipped: the schema comes from a Go module, and there is no go");
    return;
  }
  const compose = parse(await Deno.readTextFile("docker-compose.yml"), { merge: true });
  // deno-lint-ignore no-explicit-any
  const ajv = new (Ajv as any)({ strict: false, allErrors: true });
  // deno-lint-ignore no-explicit-any
  (addFormats as any)(ajv);
  ajv.addFormat("duration", /^\d+(ns|us|ms|s|m|h)/);
  const validate = ajv.compile(schema);
  if (!validate(compose)) {
    throw new Error(`docker-compose.yml must match the Compose schema: ${ajv.errorsText(validate.errors)}`);
  }
  const unpinned = Object.entries(compose.services as Record<string, { image?: string }>)
    .filter(([, { image }]) => !/:[^:/]*\d/.test(image ?? "") || /:latest/.test(image ?? ""));
  if (unpinned.length > 0) {
    throw new Error(`each image must have a version: ${unpinned.map(([name]) => name).join(", ")} has none`);
  }
  console.log(
    `docker-compose.yml matches the Compose schema, ${Object.keys(compose.services).length} services`,
  );
}

async function readSchema(): Promise<Record<string, unknown> | undefined> {
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command("go", { args: ["mod", "download", "-json", MODULE] }).output();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const { Dir, Error: problem } = JSON.parse(new TextDecoder().decode(output.stdout));
  if (problem !== undefined) throw new Error(`Cannot get ${MODULE}: ${problem}`);
  return JSON.parse(await Deno.readTextFile(`${Dir}/schema/compose-spec.json`));
}

if (import.meta.main) await runAsProgram(checkComposeCommand);

/**
 * `deno task compile`: one program, `edgewood`, with the scorer, the schemas and the default model in it.
 *
 * @module
 */
import { Command } from "commander";
import { runAsProgram } from "./run_command.ts";

const NAMES = [
  "STREAM_URL,LEDGER_URL,OBJECTS_URL,MODEL_DIR,NO_COLOR,FORCE_COLOR,CLICOLOR_FORCE,TERM,NODE_ENV,KAFKA_CLIENT",
  "KAFKAJS_LOG_LEVEL,KAFKAJS_NO_PARTITIONER_WARNING,KAFKAJS_DEBUG_PROTOCOL_BUFFERS",
  "KAFKAJS_DEBUG_EXTENDED_PROTOCOL_BUFFERS,READABLE_STREAM,PGBINARY,PGOPTIONS,PGSSLNEGOTIATION",
  "PGCLIENT_ENCODING,PGREPLICATION,PGAPPNAME,PGCONNECT_TIMEOUT",
].join(",");

/**
 * Arguments of `deno compile`.
 *
 * A compiled program cannot know its paths and hosts in advance, so it may read, write and connect; it can start no other
 * program, and of the environment it sees the names it needs.
 */
export function compileArgs(output: string): string[] {
  return [
    "compile",
    "--no-prompt",
    "--allow-read",
    "--allow-write",
    "--allow-net",
    `--allow-env=${NAMES}`,
    "--allow-sys=hostname,uid",
    "--include=build/edgewood.wasm",
    "--include=model",
    "--include=src/broker/kafka.ts",
    "--include=src/ledger/postgres.ts",
    "--include=src/objects/minio.ts",
    `--output=${output}`,
    "scripts/edgewood.ts",
  ];
}

/** Command `compile`: exit code 1 where it does not compile, 3 where Deno's runtime cannot be fetched. */
export const compileCommand: Command = new Command("compile")
  .description("Compile one program, edgewood, with the scorer, the schemas and the default model in it.")
  .option("--output <file>", "program to write", "dist/edgewood")
  .option(
    "--check",
    "go as far as Deno's own program in the place of the runtime allows; what is written does not run",
  )
  .action(compile);

async function compile(flags: { output: string; check?: boolean }): Promise<void> {
  const { success, stderr } = await new Deno.Command("deno", {
    args: compileArgs(flags.output),
    env: flags.check ? { DENORT_BIN: Deno.execPath() } : {},
    stdout: "inherit",
    stderr: "piped",
  }).output();
  const said = new TextDecoder().decode(stderr);
  if (success) {
    console.log(
      flags.check
        ? `checked    types, modules and files are all in place; ${flags.output} is no program without the runtime`
        : `written    ${flags.output}; try: ${flags.output} demo`,
    );
    return;
  }
  if (/denort|dl\.deno\.land/.test(said)) {
    console.error(
      "error: Cannot compile as Deno's runtime for compiled programs must come from the vendor's site, and that cannot " +
        "be reached from here. Try again where it can, or set DENORT_BIN to a denort of the same version; " +
        "`deno task compile --check` checks everything else.",
    );
    console.error(said.trim().split("\n").slice(-3).join("\n"));
    Deno.exit(3);
  }
  throw new Error(`Cannot compile: ${said}`);
}

if (import.meta.main) await runAsProgram(compileCommand);

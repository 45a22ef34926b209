/**
 * `deno task compile`: one program, `edgewood`, with the scorer, the schemas and the default model in it.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { Command } from "commander";
import { removeIfThere } from "../cli/remove_if_there.ts";
import { runAsProgram } from "../cli/run_command.ts";

const NAMES = [
  "STREAM_*,LEDGER_*,OBJECTS_*,MODEL_DIR,NO_COLOR,FORCE_COLOR,CLICOLOR_FORCE,TERM,NODE_ENV,KAFKA_CLIENT",
  "KAFKAJS_LOG_LEVEL,KAFKAJS_NO_PARTITIONER_WARNING,KAFKAJS_DEBUG_PROTOCOL_BUFFERS",
  "KAFKAJS_DEBUG_EXTENDED_PROTOCOL_BUFFERS,READABLE_STREAM,PGBINARY,PGOPTIONS,PGSSLNEGOTIATION",
  "PGCLIENT_ENCODING,PGREPLICATION,PGAPPNAME,PGCONNECT_TIMEOUT,WEBHOOK_URLS,WEBHOOK_SECRET,PUBLIC_URL",
].join(",");

/** What has to be in the program beside its modules. */
const EMBEDDED = [
  "build/edgewood.wasm",
  "model/forest.bin",
  "model/forest.json",
  // The page's modules are served as they stand, with those of the stream that its what-if runs.
  "assembly/layout.ts",
  "src/page/index.html",
  "src/page/main.ts",
  "src/page/what_if.ts",
  "src/decode/wasm.ts",
  "src/broker/sqlite/schema.sql",
  "src/ledger/postgres/schema.sql",
  "src/ledger/sqlite/schema.sql",
];
/** What `--check` writes and removes: it holds Deno instead of the runtime and would run as Deno. */
const CHECKED = "dist/edgewood.check";
const UNREACHABLE = /denort|dl\.deno\.land/;

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
    "--ignore-env",
    "--allow-sys=hostname,uid",
    "--include=build/edgewood.wasm",
    "--include=model",
    "--include=src/broker/kafka/kafkajs/open.ts",
    "--include=src/broker/kafka/platformatic/open.ts",
    "--include=src/broker/sqlite/worker.ts",
    "--include=src/page/main.ts",
    "--include=src/ledger/postgres/ledger.ts",
    "--include=src/ledger/sqlite/worker.ts",
    "--include=src/objects/s3/store.ts",
    `--output=${output}`,
    "scripts/commands/edgewood.ts",
  ];
}

/** Command `compile`: exit code 1 where it does not compile, 3 where Deno's runtime cannot be fetched. */
export const compileCommand: Command = new Command("compile")
  .description("Compile one program, edgewood, with the scorer, the schemas and the default model in it.")
  .option("--output <file>", "program to write", "dist/edgewood")
  .option(
    "--check",
    "compile with Deno instead of its runtime, see that all is embedded, and keep nothing",
  )
  .action(compile);

async function compile(flags: { output: string; check?: boolean }): Promise<void> {
  if (flags.check) return await check();
  const { success, said } = await runCompile(flags.output);
  if (success) return console.log(`written    ${flags.output}; try: ${flags.output} demo`);
  // Types and modules were checked before the runtime was asked for; any other failure is ours.
  if (!UNREACHABLE.test(said) || /\bTS\d+ \[ERROR\]/.test(said)) throw new Error(`Cannot compile: ${said}`);
  console.error(
    "error: Cannot compile as Deno's runtime for compiled programs must come from the vendor's site, and that cannot " +
      "be reached from here. Try again where it can, or set DENORT_BIN to a denort of the same version; " +
      "`deno task compile --check` checks everything else.",
  );
  console.error(said.trim().split("\n").slice(-3).join("\n"));
  Deno.exit(3);
}

async function check(): Promise<void> {
  try {
    const { success, said } = await runCompile(CHECKED, { DENORT_BIN: Deno.execPath() });
    if (!success) throw new Error(`Cannot compile: ${said}`);
    const program = Buffer.from(await Deno.readFile(CHECKED));
    for (const path of EMBEDDED) {
      if (!program.includes(Buffer.from(await Deno.readFile(path)))) {
        throw new Error(`Cannot compile as ${path} must be in the program with all its bytes: it is not`);
      }
    }
  } finally {
    await removeIfThere(CHECKED);
  }
  console.log(
    `checked    types, modules and ${EMBEDDED.length} embedded files; only Deno's runtime was left out`,
  );
}

async function runCompile(output: string, env: Record<string, string> = {}) {
  const { success, stderr } = await new Deno.Command("deno", {
    args: compileArgs(output),
    env,
    stdout: "inherit",
    stderr: "piped",
  }).output();
  return { success, said: new TextDecoder().decode(stderr) };
}

if (import.meta.main) await runAsProgram(compileCommand);

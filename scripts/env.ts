import { Command } from "commander";
import { runAsProgram } from "./run_command.ts";

const SECRETS = ["POSTGRES_PASSWORD", "MINIO_PASSWORD"];

/** The command `env`: writes `.env` with passwords of its own for docker-compose.yml. */
export const envCommand: Command = new Command("env")
  .description("Write .env with new passwords for docker-compose.yml; an existing .env stays as it is.")
  .action(writeEnv);

async function writeEnv(): Promise<void> {
  const lines = SECRETS.map((name) => `${name}=${crypto.getRandomValues(new Uint8Array(18)).toHex()}\n`);
  try {
    await Deno.writeTextFile(".env", lines.join(""), { createNew: true, mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    console.error("note: .env is there already and stays as it is");
    return;
  }
  console.log(`written    .env with ${SECRETS.join(" and ")}`);
}

if (import.meta.main) await runAsProgram(envCommand);

/**
 * `deno task reference`: writes `.github/docs/reference/`, the rooms in ARCHITECTURE and the bill of materials from the code
 * and the lock; `--check` fails if they are stale.
 *
 * @module
 */
import { Command } from "commander";
import project from "../../deno.json" with { type: "json" };
import { definitionJsonSchema } from "../../src/decode/definition/definition.ts";
import { openAlone } from "../../src/http/alone.ts";
import { createTelemetry } from "../../src/runtime/telemetry.ts";
import { runAsProgram } from "../cli/run_command.ts";
import { commandsPage } from "./reference/commands_page.ts";
import { featuresPage } from "./reference/features_page.ts";
import { formatsPage } from "./reference/formats_page.ts";
import { metricsPage } from "./reference/metrics_page.ts";
import { billOfMaterials } from "./reference/sbom.ts";
import { settingsPage } from "./reference/settings_page.ts";
import { withRooms } from "./reference/rooms_table.ts";

const ROOT = new URL("../../", import.meta.url);
const FOLDER = ".github/docs/reference";
const SBOM = ".github/sbom.json";
const ARCHITECTURE = ".github/ARCHITECTURE.md";
const NOTE = "<!-- Written by `deno task reference` from the code. Do not edit. -->";

/** Command `reference`. */
export const referenceCommand: Command = new Command("reference")
  .description("Write .github/docs/reference, and the rooms in ARCHITECTURE, from the code.")
  .option("--check", "write nothing, and fail if a page is stale")
  .action(reference);

async function reference({ check }: { check?: boolean }): Promise<void> {
  const stale: string[] = [];
  for (const [path, page] of Object.entries(await pagesByPath())) {
    const place = new URL(path, ROOT);
    const text = await formatted(page, path.split(".").at(-1)!);
    if (await readKnown(place) === text) continue;
    stale.push(path);
    if (!check) await Deno.writeTextFile(place, text);
  }
  if (!check) {
    return console.log(stale.length === 0 ? "nothing has changed" : `written    ${stale.join(", ")}`);
  }
  if (stale.length > 0) {
    throw new Error(
      `These pages no longer say what the code does, run deno task reference: ${stale.join(", ")}`,
    );
  }
}

/** Every page that the code writes, by its path from the root; not formatted yet. */
async function pagesByPath(): Promise<Record<string, string>> {
  const pages: Record<string, string> = {
    [ARCHITECTURE]: withRooms(await Deno.readTextFile(new URL(ARCHITECTURE, ROOT))),
    [SBOM]: billOfMaterials(await Deno.readTextFile(new URL("deno.lock", ROOT)), project.version),
  };
  pages[`${FOLDER}/stream-definition.schema.json`] = JSON.stringify(definitionJsonSchema());
  for (const [name, page] of Object.entries(await referencePages())) {
    pages[`${FOLDER}/${name}`] = `${NOTE}\n\n${page}\n`;
  }
  return pages;
}

/** The pages of the folder by file name. */
async function referencePages(): Promise<Record<string, string>> {
  using service = await openAlone({}, {
    model: new URL("model/", ROOT),
    topic: "transactions",
    stateless: false,
    telemetry: createTelemetry({ level: "error" }),
  });
  return {
    "commands.md": await commandsPage(),
    "settings.md": await settingsPage(),
    "features.md": featuresPage(),
    "metrics.md": await metricsPage(service.app),
    "formats.md": await formatsPage(),
  };
}

/** A page as `deno fmt` leaves it, so that the format step of the gate has nothing to change. */
async function formatted(text: string, extension: string): Promise<string> {
  const process = new Deno.Command("deno", {
    args: ["fmt", `--ext=${extension}`, "-"],
    cwd: ROOT,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { success, stdout } = await process.output();
  if (!success) throw new Error("Cannot format the reference: deno fmt failed");
  return new TextDecoder().decode(stdout);
}

async function readKnown(place: URL): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(place);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

if (import.meta.main) await runAsProgram(referenceCommand);

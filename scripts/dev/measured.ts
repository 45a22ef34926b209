import { Command } from "commander";
import { type FaultReport, indexOf, pageOf } from "../bench/report/page.ts";
import type { Report } from "../bench/report/report.ts";
import { runAsProgram } from "../cli/run_command.ts";

/** Command `measured`. */
export const measuredCommand: Command = new Command("measured")
  .description("Write the pages of .github/docs/measured/ from what bench and test:services left.")
  .argument("<dir>", "folder of the reports: NAME.json of each benchmark, and faults.json")
  .option("--out <dir>", "folder of the pages", ".github/docs/measured")
  .addHelpText(
    "after",
    `
Example:
  deno task bench scorer latency --json .edgewood/reports
  deno task test:services --json .edgewood/reports/faults.json
  deno task measured .edgewood/reports

A page whose report is not in the folder goes: the pages are those of one set of runs.`,
  )
  .action(measured);

async function measured(folder: string, { out }: { out: string }): Promise<void> {
  const reports: (Report | FaultReport)[] = [];
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (!isFile || !name.endsWith(".json")) continue;
    const report = JSON.parse(await Deno.readTextFile(`${folder}/${name}`)) as Report | FaultReport;
    if (`${report.bench}.json` !== name) {
      throw new Error(`Cannot write the page of ${folder}/${name}: it is a report of ${report.bench}`);
    }
    reports.push(report);
  }
  if (reports.length === 0) throw new Error(`${folder}: no reports; measure with --json ${folder} first`);
  reports.sort((a, b) => a.bench < b.bench ? -1 : 1);
  await Deno.mkdir(out, { recursive: true });
  const pages = new Map(reports.map((report) => [`${report.bench}.md`, pageOf(report)]));
  pages.set("README.md", indexOf(reports));
  for await (const { name } of Deno.readDir(out)) {
    if (name.endsWith(".md") && !pages.has(name)) await Deno.remove(`${out}/${name}`);
  }
  for (const [name, text] of pages) await Deno.writeTextFile(`${out}/${name}`, text);
  console.log(`wrote ${pages.size} pages to ${out}`);
}

if (import.meta.main) await runAsProgram(measuredCommand);

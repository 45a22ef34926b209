import { Command } from "commander";
import { openBroker, openLedger, openObjects } from "../../src/adapters.ts";
import { type Config, readConfig } from "../../src/config.ts";
import type { Verification } from "../../src/verify/verify.ts";
import { engineOptions } from "../cli/options/engines.ts";
import { topicName } from "../cli/options/values.ts";
import { runAsProgram } from "../cli/run_command.ts";

interface VerifyFlags extends Partial<Config> {
  topic: string;
  json?: boolean;
  quiet?: boolean;
}

/** The command `verify`: proof that nothing was lost and nothing doubled; exit code 1 where something was. */
export const verifyCommand: Command = engineOptions(
  new Command("verify")
    .description(
      "Prove from stream, ledger and objects that every transaction is accounted for exactly once.",
    )
    .option("--topic <name>", "topic of the transactions", topicName, "transactions")
    .option("--json", "print what was found as JSON")
    .option("--quiet", "no progress"),
  ["stream", "ledger", "objects"],
).action(run);

async function run(flags: VerifyFlags): Promise<void> {
  const [{ verify }, { startProgress }] = await Promise.all([
    import("../../src/verify/verify.ts"),
    import("../cli/progress.ts"),
  ]);
  const config = readConfig(flags);
  await using broker = await openBroker(config.stream, config);
  await using ledger = await openLedger(config.ledger);
  await using store = await openObjects(config.objects);
  const { topic } = flags;
  if (await broker.partitions(topic) === 0) {
    throw new Error(`Cannot verify as the stream ${broker.name} must have the topic ${topic}: it has none`);
  }
  const total = (await broker.offsets(topic)).reduce(
    (sum, each) => sum + each.endOffset - each.startOffset,
    0,
  );
  const progress = startProgress("verify", { total, unit: "records", quiet: flags.quiet || flags.json });
  let offsets = 0;
  const found = await verify({
    broker,
    ledger,
    store,
    topic,
    onProgress: (more) => progress.update(offsets += more, offsets),
  });
  progress.stop();
  console.log(flags.json ? JSON.stringify(found, null, 2) : describe(found));
  if (!found.ok) Deno.exitCode = 1;
}

function describe(found: Verification): string {
  const lines = [
    `stream     ${found.offsets} records in ${found.partitions} partition${
      found.partitions === 1 ? "" : "s"
    } of ${found.topic}`,
    `ledger     ${found.committed} committed: ${found.logged} in the log, ${found.deadLetters} dead letters`,
    `objects    ${found.flagged} flagged transactions in ${found.objects} objects`,
  ];
  if (found.ok) {
    lines.push(
      found.offsets === 0
        ? "verified   nothing: the stream holds no record"
        : "verified   every record exactly once; nothing lost, nothing doubled",
    );
  }
  for (const { kind, count, examples } of found.problems) {
    lines.push(`PROBLEM    ${kind}: ${count}`, ...examples.map((example) => `           ${example}`));
  }
  if (found.problems.some(({ kind }) => PENDING.has(kind))) {
    lines.push("           what is only not done yet is done by: deno task consume --until-empty");
  }
  return lines.join("\n");
}

/** Problems that a consumer that goes on would solve. */
const PENDING: ReadonlySet<string> = new Set([
  "not-committed",
  "not-stored",
  "not-in-objects",
  "dead-letter-missing",
]);

if (import.meta.main) await runAsProgram(verifyCommand);

import { Command, Option } from "commander";
import { openBroker, openLedger, openObjects } from "../../src/adapters.ts";
import { type Config, readConfig } from "../../src/config.ts";
import { lostOffsets } from "../../src/ledger/losses.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import type { ObjectDamage, Repair } from "../../src/verify/repair.ts";
import type { Verification } from "../../src/verify/verify.ts";
import { onInterrupt } from "../cli/on_interrupt.ts";
import { acceptedBy, type AcceptGapsFlag, acceptGapsOption } from "../cli/options/accept_gaps.ts";
import { type DefinitionFlag, definitionOption, openDefinitionOf } from "../cli/options/definition.ts";
import { engineOptions } from "../cli/options/engines.ts";
import { usesModule } from "../cli/options/places.ts";
import { topicName } from "../cli/options/values.ts";
import { runAsProgram, UsageError } from "../cli/run_command.ts";

interface VerifyFlags extends Partial<Config>, AcceptGapsFlag, DefinitionFlag {
  topic: string;
  json?: boolean;
  quiet?: boolean;
  repair?: boolean;
  alerts?: string;
}

/** The command `verify`: proof that nothing was lost and nothing doubled; exit code 1 where something was. */
export const verifyCommand: Command = engineOptions(
  acceptGapsOption(usesModule(new Command("verify")))
    .description(
      "Prove from stream, ledger and objects that every transaction is accounted for exactly once.",
    )
    .option("--topic <name>", "topic of the transactions", topicName, "transactions")
    .addOption(definitionOption())
    .option(
      "--repair",
      "have missing and altered objects written again from the ledger, set unknown ones aside",
    )
    .addOption(
      new Option("--alerts <channel>", "compare the alerts too that were sent to a topic").choices(["topic"]),
    )
    .option("--json", "print what was found as JSON")
    .option("--quiet", "no progress"),
  ["stream", "ledger", "objects"],
).action(run);

async function run(flags: VerifyFlags): Promise<void> {
  const [{ verify }, { repairObjects }, { startProgress }] = await Promise.all([
    import("../../src/verify/verify.ts"),
    import("../../src/verify/repair.ts"),
    import("../cli/progress.ts"),
  ]);
  const config = readConfig(flags);
  using definition = await openDefinitionOf(flags);
  await using broker = await openBroker(config.stream, { ...config, mustExist: true });
  await using ledger = await openLedger(config.ledger, { mustExist: true });
  await using store = await openObjects(config.objects);
  const { topic } = flags;
  if (await broker.partitions(topic) === 0) {
    throw new Error(`Cannot verify as the stream ${broker.name} must have the topic ${topic}: it has none`);
  }
  if (definition === undefined) await refuseDefined(ledger, topic);
  const total = (await broker.offsets(topic)).reduce(
    (sum, each) => sum + each.endOffset - each.startOffset,
    0,
  );
  const progress = startProgress("verify", { total, unit: "records", quiet: flags.quiet || flags.json });
  let offsets = 0;
  using _ = onInterrupt("verify", () => `after ${offsets} of ${total} records: nothing is proved`);
  const damages: ObjectDamage[] = [];
  const found = await verify({
    broker,
    ledger,
    store,
    topic,
    acceptGaps: acceptedBy(flags),
    alerts: flags.alerts !== undefined,
    decodeWith: definition?.decodeWith,
    onDamage: (damage) => damages.push(damage),
    onProgress: (more) => progress.update(offsets += more, offsets),
  });
  progress.stop();
  const repair = flags.repair ? await repairObjects({ ledger, store, topic }, damages) : undefined;
  console.log(flags.json ? JSON.stringify({ ...found, repair }, null, 2) : describe(found, repair));
  if (!found.ok) Deno.exitCode = 1;
}

/** Only the definition says which records were passed over, so that they have no row. */
async function refuseDefined(ledger: Ledger, topic: string): Promise<void> {
  for (const { partition } of (await ledger.partitions()).filter((each) => each.topic === topic)) {
    for await (const { passed } of ledger.ranges(topic, partition)) {
      if (passed === 0) continue;
      throw new UsageError(
        `Cannot verify ${topic} as its records were read under a stream definition, which passed some over: give it by ` +
          "--definition",
      );
    }
  }
}

function describe(found: Verification, repair: Repair | undefined): string {
  const lines = [
    `stream     ${found.offsets} records in ${found.partitions} partition${
      found.partitions === 1 ? "" : "s"
    } of ${found.topic}`,
    `ledger     ${found.committed} committed: ${found.logged} in the log, ${found.deadLetters} dead letters`,
    `objects    ${found.flagged} flagged transactions in ${found.objects} objects`,
  ];
  if (found.alerts !== undefined) {
    const { alerts, alertsRepeated, alertsTrimmed } = found.alerts;
    lines.push(`alerts     ${alerts} in their topic; ${alertsRepeated} more came again with the same id`);
    if (alertsTrimmed > 0) {
      lines.push(`trimmed    ${alertsTrimmed} alerts are gone from their topic by retention: not compared`);
    }
  }
  if (found.compacted > 0) {
    lines.push(
      `compacted  ${found.compacted} committed records are gone from the stream by compaction: not compared`,
    );
  }
  if (found.deadLettersTrimmed > 0) {
    lines.push(
      `trimmed    ${found.deadLettersTrimmed} dead letters are gone from their topic by retention: not compared`,
    );
  }
  for (const loss of found.acceptedLosses) {
    const { partition, firstOffset, nextOffset, acceptedBy, acceptedAtMs } = loss;
    lines.push(
      `lost       ${lostOffsets([loss])} offsets, ${firstOffset} to ${
        nextOffset - 1
      } of ${found.topic}/${partition}, were ` +
        `deleted before they were read; accepted by ${acceptedBy} on ${
          new Date(acceptedAtMs!).toISOString()
        }`,
    );
  }
  if (found.ok) {
    lines.push(
      found.offsets === 0
        ? "verified   nothing: the stream holds no record"
        : `verified   every record exactly once; nothing ${
          found.acceptedLosses.length > 0 ? "else " : ""
        }lost, nothing doubled`,
    );
  }
  for (const { kind, count, examples } of found.problems) {
    lines.push(`PROBLEM    ${kind}: ${count}`, ...examples.map((example) => `           ${example}`));
  }
  if (found.problems.some(({ kind }) => PENDING.has(kind))) {
    lines.push("           what is only not done yet is done by: deno task consume --until-empty");
  }
  if (found.problems.some(({ kind }) => kind === "lost")) {
    lines.push("           with --accept-gaps you accept the loss, and the ledger keeps your name");
  }
  if (repair !== undefined) lines.push(...describeRepair(repair));
  else if (found.problems.some(({ kind }) => REPAIRABLE.has(kind))) {
    lines.push("           objects are written again from the ledger by: deno task verify --repair");
  }
  return lines.join("\n");
}

function describeRepair({ toWriteAgain, setAside }: Repair): string[] {
  if (toWriteAgain + setAside.length === 0) return ["repaired   nothing: no object was in need of it"];
  return [
    `repaired   ${toWriteAgain} objects are to be written again; a running consumer does it within a minute,`,
    "           otherwise: deno task consume --until-empty; then verify once more",
    ...setAside.map(({ key, now }) => `           ${key} is now ${now}`),
  ];
}

/** Problems that `--repair` solves. */
const REPAIRABLE: ReadonlySet<string> = new Set(["object-missing", "object-altered", "unknown-object"]);

/** Problems that a consumer that goes on would solve. */
const PENDING: ReadonlySet<string> = new Set([
  "not-committed",
  "not-stored",
  "not-in-objects",
  "dead-letter-missing",
  "alert-not-sent",
]);

if (import.meta.main) await runAsProgram(verifyCommand);

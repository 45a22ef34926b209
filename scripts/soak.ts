/**
 * `deno task soak`: consuming at full speed while the object store is down for part of the time.
 *
 * @module
 */
import { Command, InvalidArgumentError } from "commander";
import { RSS_LIMIT_BYTES } from "../src/testing/fault_row.ts";
import { type FaultServices, FaultStage, fillTopic } from "../src/testing/fault_stage.ts";
import { openProxy } from "../src/testing/proxy.ts";
import { decimalNumber } from "./option_values.ts";
import { runAsProgram } from "./run_command.ts";
import { openServices } from "./services/open_services.ts";

interface SoakFlags {
  minutes: number;
  downShare: number;
}

/** Changes between up and down in one soak. */
const CYCLES = 5;
const LOOKS_A_PHASE = 3;
/** Least records in the topic for each second, more than one consumer can take on a small machine. */
const RECORDS_PER_S = 4000;
const END_WITHIN_MS = 600_000;
const RECOVERED_WITHIN_S = 30;

/** The command `soak`. */
export const soakCommand: Command = new Command("soak")
  .description("Consume at full speed while the object store is down for part of the time.")
  .option("--minutes <n>", "how long", decimalNumber(0), 10)
  .option("--down-share <share>", "share of the time that the store is down", share, 0.5)
  .addHelpText(
    "after",
    "\nExit codes: 0 memory stayed bounded and all was stored; 1 it did not; 2 wrong use.",
  )
  .action(soak);

async function soak({ minutes, downShare }: SoakFlags): Promise<void> {
  const { handles, unavailable, failed } = await openServices({ report: (line) => console.error(line) });
  if (unavailable.size > 0) {
    for (const [name, why] of unavailable) console.log(`skipped: ${name} cannot be installed here: ${why}`);
    return;
  }
  if (failed.size > 0) {
    const [cause] = failed.values();
    throw new Error(`Cannot soak as every server must start: current value is ${cause.message}`, { cause });
  }
  const services = Object.fromEntries(
    Object.values(handles).map((handle) => [handle.name, handle.service]),
  ) as unknown as FaultServices;
  const stage = new FaultStage(services);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => {
      stage.kill();
      Deno.exit(130);
    });
  }
  const totalMs = minutes * 60_000;
  const records = Math.ceil(totalMs / 1000 * RECORDS_PER_S);
  const filled = await fillTopic(services.kafka.url, stage.topicName("soak"), { records });
  await using run = await stage.openRun(filled);
  await using proxy = openProxy({ target: { port: services.minio.port } });
  run.start({ endless: true, urls: { objects: FaultStage.through(run.urls.objects, proxy.port) } });
  await run.untilShare(1 / records);
  console.log("   time s  store    committed  records/s    objects  peak RSS MB");
  const startedAt = performance.now();
  let before = { committed: await run.committed(), at: startedAt };
  const look = async (store: string) => {
    const [committed, objects] = [await run.committed(), await run.stored()];
    const at = performance.now();
    const speed = (committed - before.committed) / (at - before.at) * 1000;
    before = { committed, at };
    const cells = [(at - startedAt) / 1000, store, committed, speed, objects, run.peakRssBytes / 1e6];
    console.log(
      cells.map((cell) => typeof cell === "string" ? `  ${cell.padEnd(4)}` : cell.toFixed(0).padStart(11))
        .join(""),
    );
  };
  const phase = async (store: string, ms: number) => {
    for (let n = 0; n < LOOKS_A_PHASE; n++) {
      await new Promise((resolve) => setTimeout(resolve, ms / LOOKS_A_PHASE));
      await look(store);
    }
  };
  let slowestS = 0;
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    proxy.refuse();
    await phase("down", totalMs / CYCLES * downShare);
    const stored = await run.stored();
    const backAt = performance.now();
    proxy.resume();
    while (await run.stored() === stored && performance.now() - backAt < RECOVERED_WITHIN_S * 1000) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    slowestS = Math.max(slowestS, (performance.now() - backAt) / 1000);
    await phase("up", Math.max(0, totalMs / CYCLES * (1 - downShare) - (performance.now() - backAt)));
  }
  const committed = await run.committed();
  for (const consumer of run.consumers) consumer.kill("SIGTERM");
  await run.untilEnded(END_WITHIN_MS);
  run.start();
  await run.untilEnded(END_WITHIN_MS);
  const { ok, problems } = await run.verify();
  const rssMb = run.peakRssBytes / 1e6;
  console.log(
    `${committed} of ${records} records in ${minutes} min; peak RSS ${rssMb.toFixed(0)} MB; ` +
      `objects again ${slowestS.toFixed(1)} s after an outage at most; verify ${
        ok ? "ok" : JSON.stringify(problems)
      }`,
  );
  if (!ok || run.peakRssBytes >= RSS_LIMIT_BYTES || slowestS >= RECOVERED_WITHIN_S) Deno.exitCode = 1;
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value < 1)) {
    throw new InvalidArgumentError(`It must be at least 0 and less than 1: current value is ${text}`);
  }
  return value;
}

if (import.meta.main) await runAsProgram(soakCommand);

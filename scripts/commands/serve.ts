import { Command } from "commander";
import { openLedger } from "../../src/adapters.ts";
import { type Engines, isNamed, readConfig } from "../../src/config.ts";
import type { HttpAddress } from "../../src/http/address.ts";
import { createTelemetry } from "../../src/runtime/telemetry.ts";
import { endingSignal } from "../cli/ending_signal.ts";
import { engineOptions } from "../cli/options/engines.ts";
import { modelPlace } from "../cli/options/model_place.ts";
import { addressToListen, fileToRead, usesModule } from "../cli/options/places.ts";
import { maxAheadOption } from "../cli/options/state.ts";
import { topicName } from "../cli/options/values.ts";
import { runAsProgram } from "../cli/run_command.ts";

interface ServeFlags extends Partial<Engines> {
  http: HttpAddress;
  tokens?: string;
  accessLog: boolean;
  topic: string;
  stateless?: boolean;
  maxAhead: number;
}

/** The command `serve`: scoring for other programs over HTTP, without a stream. */
export const serveCommand: Command = usesModule(engineOptions(
  new Command("serve")
    .description(
      "Score transactions for other programs over HTTP, without a stream. With a ledger the feature states are the newest " +
        "snapshots there; without one the service keeps a state of its own, which is gone when it ends.",
    )
    .addOption(
      addressToListen("--http <host:port>", "where to listen, such as 127.0.0.1:8080").makeOptionMandatory(),
    )
    .addOption(
      fileToRead(
        "--tokens <file>",
        "tokens of callers, which `deno task token` makes; required unless --http is on this machine",
      ),
    )
    .option(
      "--no-access-log",
      "with tokens: no line a request (name, route, status, duration, id) on standard error",
    )
    .option("--topic <name>", "topic of the transactions in the ledger", topicName, "transactions")
    .addOption(maxAheadOption("the clock's"))
    .option("--stateless", "without a ledger: keep no state, score each transaction as the first one ever"),
  ["ledger", "model"],
  ["ledger"],
)).action(serve);

async function serve(flags: ServeFlags): Promise<void> {
  const [{ openAlone }, { listen }, { openTokens }] = await Promise.all([
    import("../../src/http/alone.ts"),
    import("../../src/http/listen.ts"),
    import("../cli/options/open_tokens.ts"),
  ]);
  const config = readConfig(flags);
  const telemetry = createTelemetry();
  using tokens = await openTokens(flags, telemetry);
  await using ledger = isNamed("ledger", flags)
    ? await openLedger(config.ledger, { inThread: true, mustExist: true })
    : undefined;
  using ending = endingSignal("serve");
  using service = await openAlone({ tokens, log: flags.accessLog }, {
    model: modelPlace(config.model),
    ledger,
    topic: flags.topic,
    stateless: flags.stateless === true,
    maxAheadMs: flags.maxAhead,
    telemetry,
  });
  await using server = await listen(flags.http, service.app);
  console.error(`serve: serving ${server.url}`);
  if (!ending.signal.aborted) {
    await new Promise((resolve) => ending.signal.addEventListener("abort", resolve, { once: true }));
  }
}

if (import.meta.main) await runAsProgram(serveCommand);

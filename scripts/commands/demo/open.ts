import { openBroker } from "../../../src/adapters.ts";
import type { HttpAddress } from "../../../src/http/address.ts";
import { produceEvents } from "../../../src/simulate/produce.ts";
import { simulate } from "../../../src/simulate/simulate.ts";
import { openInBrowser } from "../../cli/launch/browser_opener.ts";
import { endingSignal } from "../../cli/ending_signal.ts";
import { openService } from "../../../src/service.ts";
import { demoConfig, runBeside } from "./run_beside.ts";
import { splitEvents } from "./split_events.ts";

/** What the demo that goes on is like. */
export interface OpenDemoOptions {
  /** Folder with the folder `model`; stream, ledger and objects are made in it. */
  dir: string;
  /** Transactions of the six weeks before now; how many customers there are follows from it. */
  count: number;
  /** Transactions a second from now on. */
  ratePerS: number;
  /** Fixes the simulation. */
  seed: number;
  /** Where the page is served. */
  http: HttpAddress;
  /** Topics, and what is produced besides transactions. */
  topics: { topic: string; labelTopic: string };
  /** Records that are no transactions. */
  broken: readonly string[];
}

const DAY_MS = 86_400_000;
const HISTORY_DAYS = 42;
/** Transactions of a simulated customer in a day. */
const PER_CUSTOMER_AND_DAY = 2;

/**
 * Runs the demo with its page until Ctrl-C: six simulated weeks up to now at full speed, then live traffic and its labels.
 *
 * Simulated time begins at the clock's and runs ahead of it, so that an answer on the page, which is known from now on,
 * counts for the very next transactions.
 *
 * @throws Deno's error where the address cannot be listened at; what ends the consumer.
 */
export async function runOpenDemo(options: OpenDemoOptions): Promise<void> {
  const { dir, count, ratePerS, topics } = options;
  using ending = endingSignal("demo");
  await using service = await openService(demoConfig(dir), { group: "demo", http: options.http });
  const { broker, ledger } = service.parts;
  await broker.ensureTopic(topics.topic);
  await broker.ensureTopic(topics.labelTopic);
  const perDay = PER_CUSTOMER_AND_DAY * customersOf(count);
  console.error(
    `demo: ${ratePerS} simulated transactions a second, of which a day takes ${
      minutes(perDay / ratePerS)
    }, with labels that come a week later; Ctrl-C ends it`,
  );
  console.log(`The page: ${service.url}`);
  await runBeside(service, { signal: ending.signal }, async (signal) => {
    const opening = openInBrowser(service.url!).then((isOpen) => {
      if (!isOpen) console.error("demo: no browser could be opened from here; open the address yourself");
    });
    await produce(options, signal);
    await opening;
  });
  // What was produced and not committed when Ctrl-C came.
  await service.run({ untilEmpty: true });
  const { scored, flagged, deadLetters } = await ledger.summary(topics.topic);
  console.error(
    `demo: ${whole(scored)} transactions scored, ${whole(flagged)} flagged, ${
      whole(deadLetters)
    } dead letters; ` +
      `all of it is in ${dir}\n\n  deno task verify --stream sqlite:${dir}/stream.db --ledger sqlite:${dir}/ledger.db ` +
      `--objects file:${dir}/objects`,
  );
}

/** Produces the history as fast as it goes, and then at the rate, until the signal. */
async function produce(
  { dir, count, ratePerS, seed, topics, broken }: OpenDemoOptions,
  signal: AbortSignal,
): Promise<void> {
  // A connection of its own: the consumer's would make it wait for its commits.
  await using broker = await openBroker(`sqlite:${dir}/stream.db`, { inThread: true });
  const nowMs = Date.now();
  const events = simulate({
    randomSeed: seed,
    start: new Date(nowMs - HISTORY_DAYS * DAY_MS),
    nCustomers: customersOf(count),
  });
  const { before, after } = splitEvents(events, nowMs);
  const options = { ...topics, signal };
  await produceEvents(broker, before, options);
  await broker.produce(topics.topic, broken.map((value) => ({ key: null, value })));
  await produceEvents(broker, after, { ...options, ratePerS });
}

function customersOf(count: number): number {
  return Math.max(20, Math.round(count / (HISTORY_DAYS * PER_CUSTOMER_AND_DAY)));
}

function minutes(seconds: number): string {
  return seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

function whole(value: number): string {
  return value.toLocaleString("en-US");
}

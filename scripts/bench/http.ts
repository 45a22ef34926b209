/**
 * Measures scoring over HTTP at a steady rate: beside a busy stream, beside a stream at rest, and without one.
 *
 * @module
 */
import { quantile } from "../../src/runtime/quantile.ts";
import { type RunningProcess, startDeno } from "../../src/testing/process.ts";
import { needs } from "../../src/testing/services.ts";
import { runAsProgram } from "../cli/run_command.ts";
import { startCommand } from "../harness/start_command.ts";
import { benchCommand } from "./report/bench_command.ts";
import { interleaveRuns } from "./report/interleave.ts";
import type { Line } from "./report/report.ts";
import { spreadOf } from "./report/spread.ts";
import { makeFolder } from "./runs/make_folder.ts";
import { lastWords } from "./runs/measured_process.ts";
import { type RequestTimes, sendScoreRequests } from "./load/score_requests.ts";

interface Flags {
  rounds: number;
  rate: number;
  seconds: number;
  stream: number;
}

const QUANTILES = [["p50", 0.5], ["p99", 0.99], ["p99.9", 0.999]] as const;
const MOST_P99_MS = 5;
/** Records that are consumed before anything is measured. */
const EARLIER = 20_000;

/** Starts a service and waits until it serves; its address. */
async function serving(process: RunningProcess): Promise<string> {
  return await process.until(() => /serving (http:\S+)/.exec(process.stderr)?.[1], {
    what: "the service",
    timeoutMs: 120_000,
  }) as string;
}

/** Sends requests for two seconds that do not count, then those that do. */
async function sendWarm(url: string, ratePerS: number, seconds: number): Promise<RequestTimes> {
  await sendScoreRequests(url, ratePerS, 2);
  return await sendScoreRequests(url, ratePerS, seconds);
}

/** Stream and ledger of a run, and its own names in them. */
interface Engines {
  stream: string;
  ledger: string;
  topic: string;
}

function embedded(folder: string): Engines {
  return {
    stream: `sqlite:${folder}/stream.db`,
    ledger: `sqlite:${folder}/ledger.db`,
    topic: "transactions",
  };
}

function servers({ kafka, postgres }: { kafka: { url: string }; postgres: { url: string } }): Engines {
  const id = crypto.randomUUID().slice(0, 8);
  const ledger = new URL(postgres.url);
  ledger.searchParams.set("schema", `bench_http_${id}`);
  return { stream: kafka.url, ledger: ledger.href, topic: `bench-http-${id}` };
}

/** Requests beside a consumer, with records coming at a rate, or none. */
async function besideStream(
  { rate: ratePerS, seconds }: Flags,
  streamRate: number,
  enginesIn: (folder: string) => Engines,
): Promise<RequestTimes> {
  await using folder = await makeFolder();
  const { stream, ledger, topic } = enginesIn(folder.path);
  const source = ["--stream", stream, "--topic", topic];
  const produce = (count: number, ...more: string[]) =>
    startCommand("produce", [...source, "--count", String(count), "--labels", "none", "--quiet", ...more]);
  await using first = produce(EARLIER);
  const { code, stderr } = await first.ended({ timeoutMs: 120_000 });
  if (code !== 0) {
    throw new Error(`Cannot measure as a stream must be made: current value is ${lastWords(stderr)}`);
  }
  const others = ["--ledger", ledger, "--objects", `file:${folder.path}/objects`, "--alerts", "none"];
  await using consumer = startCommand("consume", [
    ...source,
    "--group",
    topic,
    ...others,
    "--http",
    "127.0.0.1:0",
  ]);
  const url = await serving(consumer);
  const records = async () =>
    Number(/^edgewood_records_total (\d+)$/m.exec(await (await fetch(new URL("/metrics", url))).text())![1]);
  await consumer.until(async () => await records() === EARLIER, {
    what: "the stream's end",
    timeoutMs: 120_000,
  });
  await using producer = streamRate > 0
    ? produce(streamRate * (seconds + 30), "--rate", String(streamRate), "--seed", "2")
    : undefined;
  if (producer !== undefined) await consumer.until(async () => await records() > EARLIER);
  return await sendWarm(url, ratePerS, seconds);
}

/** What a request alone costs on this machine: a server that reads the body and always answers the same. */
const BARE_SERVER = `
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    await request.text();
    return Response.json({ verdicts: [{}] });
  });
  console.error("serving http://127.0.0.1:" + server.addr.port + "/");
`;

async function bare({ rate: ratePerS, seconds }: Flags): Promise<RequestTimes> {
  const script = new URL(`data:text/javascript,${encodeURIComponent(BARE_SERVER)}`);
  await using service = startDeno(script, [], { permissions: ["--allow-net=127.0.0.1"] });
  const url = await serving(service);
  return await sendWarm(url, ratePerS, seconds);
}

async function alone({ rate: ratePerS, seconds }: Flags): Promise<RequestTimes> {
  await using service = startCommand("serve", ["--http", "127.0.0.1:0"]);
  const url = await serving(service);
  return await sendWarm(url, ratePerS, seconds);
}

export const httpBenchCommand = benchCommand({
  name: "http",
  description: "Measure scoring over HTTP at a steady rate, beside a stream and alone.",
  sizes: {
    rounds: { what: "rounds a figure is the median of", full: 3, quick: 1 },
    rate: { what: "requests a second", full: 200, quick: 50 },
    seconds: { what: "seconds that count", full: 20, quick: 2 },
    stream: { what: "records a second of the stream beside it", full: 1000, quick: 200 },
  },
}, async (flags: Flags, findings) => {
  const needed = await needs(["kafka", "postgres"]);
  const atWork = `${flags.stream} records/s`;
  const cases: [who: string, run: () => Promise<RequestTimes>][] = [
    [`embedded, ${atWork}`, () => besideStream(flags, flags.stream, embedded)],
    ["embedded, at rest", () => besideStream(flags, 0, embedded)],
    ["without a stream (serve)", () => alone(flags)],
    ["a bare Deno.serve", () => bare(flags)],
  ];
  const server = `Kafka and PostgreSQL, ${atWork}`;
  if (!needed.ignore) {
    cases.unshift([server, () => besideStream(flags, flags.stream, () => servers(needed.services))]);
  }
  const runs = await interleaveRuns(cases.map(([, run]) => run), { rounds: flags.rounds, warmUps: 0 });
  const lines: Line[] = [];
  const quantileOf = (times: readonly number[], q: number) => quantile(Float32Array.from(times).sort(), q);
  for (const [i, [who]] of cases.entries()) {
    for (const [name, q] of QUANTILES) {
      const figure = spreadOf(runs[i].map(({ answered }) => quantileOf(answered, q)));
      lines.push({ what: { who, "": name }, figure });
      if (name === "p99" && !who.startsWith("a bare")) {
        findings.goal(`${who}, p99`, figure.median, "at most", MOST_P99_MS, "ms");
      }
    }
  }
  const late = spreadOf(runs.flat().map(({ late }) => quantileOf(late, 0.99)));
  lines.push({ what: { who: "the client, due to sent", "": "p99" }, figure: late });
  if (needed.ignore) lines.push({ what: { who: server, "": "" }, figure: { missing: needed.reason } });
  const title = `POST /v1/score, one transaction, ${flags.rate} requests/s: sent to answered`;
  findings.table({ title, unit: "ms", digits: 2, lines });
});

if (import.meta.main) await runAsProgram(httpBenchCommand);

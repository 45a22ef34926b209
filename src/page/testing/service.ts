/**
 * A consumer that serves the page over a small stream, as real processes in a folder of its own, for browser tests.
 *
 * @module
 */
import { openSqliteBroker } from "../../broker/sqlite/broker.ts";
import type { Broker } from "../../broker/broker.ts";
import { embeddedArgs, type EmbeddedRunOptions, makeEmbeddedRun } from "../../testing/embedded_run.ts";
import { buildModule } from "../../testing/module.ts";
import { type RunningProcess, startTask } from "../../testing/process.ts";
import { until } from "../../testing/until.ts";
import type { Status, TransactionText } from "../../http/routes/answers.ts";

/** A machine that is busy with other tests takes its time. */
const PATIENCE_MS = 120_000;

/** How the service is started. */
export interface ServiceOptions extends EmbeddedRunOptions {
  /** Scopes of a token that callers need then; without it the service is open to this machine. */
  scopes?: string;
}

/** A running service with its stream. */
export interface PageService extends AsyncDisposable {
  /** Where the page is, with a slash at the end. */
  readonly url: string;
  /** The token, where callers need one. */
  readonly token: string | undefined;
  readonly broker: Broker;
  /** Ends the consumer in good order; `start` starts it again at the same address. */
  stop(): Promise<void>;
  /** Starts the consumer, and waits until all that the stream holds is committed. */
  start(): Promise<void>;
  /** Starts to produce simulated transactions and their labels at a rate a second. */
  produce(count: number, ratePerS: number): RunningProcess;
  /** Sends transactions to the stream, and waits until they are committed. */
  send(...transactions: TransactionText[]): Promise<void>;
  /** Asks the service for JSON. */
  ask<T>(path: string, init?: RequestInit): Promise<T>;
}

/**
 * Makes a small stream and a model, and serves the page over them.
 *
 * @throws Error with all that a process said, where one does not do what it should within two minutes.
 */
export async function openPageService(options: ServiceOptions = {}): Promise<PageService> {
  await buildModule();
  const folder = await Deno.makeTempDir();
  await makeEmbeddedRun(folder, { count: 3000, ...options });
  const file = `${folder}/tokens.json`;
  const token = options.scopes === undefined ? undefined : await makeToken(file, options.scopes);
  const port = freePort();
  const args = [
    ...embeddedArgs(folder),
    ...["--alerts", "none", "--http", `127.0.0.1:${port}`],
    ...(token === undefined ? [] : ["--tokens", file]),
  ];
  const broker = openSqliteBroker(`${folder}/stream.db`);
  let consumer: RunningProcess | undefined;
  let producer: RunningProcess | undefined;
  const service: PageService = {
    ...{ url: `http://127.0.0.1:${port}/`, token, broker },
    async start() {
      consumer = startTask("consume", args);
      await consumer.until(() => consumer!.stderr.includes("serving http"), { timeoutMs: PATIENCE_MS });
      await allCommitted(service);
    },
    async stop() {
      consumer?.kill("SIGTERM");
      await consumer?.ended({ timeoutMs: PATIENCE_MS });
    },
    produce(count, ratePerS) {
      const args = ["--count", `${count}`, "--rate", `${ratePerS}`, "--seed", "3", "--customers", "100"];
      const all = [...args, ...embeddedArgs(folder, ["stream"]), "--quiet"];
      return producer = startTask("produce", all);
    },
    async send(...transactions) {
      await broker.produce(
        "transactions",
        transactions.map((one) => ({ key: one.customer_id, value: JSON.stringify(one) })),
      );
      await until(
        () => service.ask(`/v1/transactions/${encodeURIComponent(transactions.at(-1)!.transaction_id)}`),
        { timeoutMs: PATIENCE_MS, what: "the commit" },
      );
    },
    async ask(path, init = {}) {
      const headers = new Headers(init.headers);
      if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
      const response = await fetch(new URL(path, service.url), { ...init, headers });
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      return await response.json();
    },
    async [Symbol.asyncDispose]() {
      await producer?.[Symbol.asyncDispose]();
      await consumer?.[Symbol.asyncDispose]();
      await broker[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
  try {
    await service.start();
  } catch (error) {
    await service[Symbol.asyncDispose]();
    throw error;
  }
  return service;
}

/** The consumer has a partition, looked at it, and nothing waits. */
async function allCommitted(service: PageService): Promise<void> {
  await until(async () => {
    const { now, history } = await service.ask<Status>("/v1/status");
    return history.t.length > 0 && now.lag.length > 0 && now.lag.every(({ records }) => records === 0);
  }, { timeoutMs: PATIENCE_MS, what: "the commit of all that the stream holds" });
}

async function makeToken(file: string, scopes: string): Promise<string> {
  const args = ["--file", file, "--name", "analyst", "--scopes", scopes];
  await using process = startTask("token", args);
  const { code, stdout, stderr } = await process.ended({ timeoutMs: PATIENCE_MS });
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
}

/** A port that was free a moment ago: the service comes back to the same one. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

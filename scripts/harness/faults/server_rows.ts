import { type FaultContext, type FaultRow, lasting, secondsToProgress } from "./row.ts";
import { type FragileWay, type Interruption, openFragileWay, outageMs } from "./interruptions.ts";
import { FaultStage } from "./stage.ts";
import type { ConsumerProcessOptions, PipelineRun } from "../pipeline_run.ts";
import { openProxy } from "../../../src/testing/proxy.ts";

/** Share of the records that is committed before the fault. */
const BEFORE_FAULT = 0.05;
const CUTS = 10;
/** Share of the records that is committed before the last cut. */
const LAST_CUT = 0.7;
const ENDS_WITHIN_MS = 600_000;
/** Small batches, so that work is left after the fault. */
const SLOW = ["--max-batch-records", "64"];
const LATIN1 = new TextDecoder("latin1");
const COMMIT = /Q....COMMIT|commit_outcome/s;
const BUSY =
  `<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Reduce your request rate</Message></Error>`;

interface InterruptedServer {
  name: string;
  title: string;
  /** Port behind the proxy, and the proxy's own if clients expect a fixed one. */
  ports(context: FaultContext): { target: number; port?: number };
  /** The engine's URL by way of the proxy. */
  urls(run: PipelineRun, port: number): ConsumerProcessOptions["urls"];
  /** A count that grows while the server works. */
  progress(run: PipelineRun): Promise<number>;
}

const portOf = (address: string) => Number(address.slice(address.lastIndexOf(":") + 1));

const BROKER: InterruptedServer = {
  name: "broker",
  title: "the broker",
  ports({ stage }) {
    const { upstream, advertised } = stage.services.kafka.proxied;
    return { target: portOf(upstream), port: portOf(advertised) };
  },
  urls: (_, port) => ({ stream: `kafka://127.0.0.1:${port}` }),
  progress: (run) => run.committed(),
};

const OBJECTS: InterruptedServer = {
  name: "objects",
  title: "the object store",
  ports: ({ stage }) => ({ target: stage.services.minio.port }),
  urls: (run, port) => ({ objects: FaultStage.through(run.urls.objects, port) }),
  progress: (run) => run.stored(),
};

const LEDGER: InterruptedServer = {
  name: "ledger",
  title: "PostgreSQL",
  ports: ({ stage }) => ({ target: stage.services.postgres.port }),
  urls: (run, port) => ({ ledger: FaultStage.through(run.urls.ledger, port) }),
  progress: (run) => run.committed(),
};

const INTERRUPTIONS: readonly [how: Interruption, suffix: string, what: string][] = [
  ["refuse", "unreachable", "refuses connections"],
  ["cut", "cut", "has its connections cut half-way, ten times"],
  ["hold", "held", "holds connections open without an answer"],
];

/** Rows in which a server restarts, is unreachable, or answers wrongly. */
export const serverRows: readonly FaultRow[] = [
  {
    name: "broker-restart",
    description: "the broker is killed and started again",
    concernsBroker: true,
    async bring(run, { handles }) {
      run.start({ flags: SLOW });
      await run.untilShare(BEFORE_FAULT);
      await handles.kafka.kill();
      await handles.kafka.start();
      return { recoveryS: await secondsToProgress(run, () => run.committed(), run.records) };
    },
  },
  ...interruptionRows(BROKER),
  ...interruptionRows(OBJECTS),
  {
    name: "objects-503",
    description: "a front of the object store answers 503 to everything",
    async bring(run, context) {
      const { port } = context.stage.services.minio;
      const store = openProxy({ target: { port } });
      await using front = openProxy({ target: { port: store.port } });
      await store.close();
      run.start({ urls: { objects: FaultStage.through(run.urls.objects, front.port) } });
      // The same port leads to a server that refuses, then to the store itself.
      const refuser = Deno.serve(
        { hostname: "127.0.0.1", port: store.port, onListen() {} },
        () => new Response(BUSY, { status: 503, headers: { "content-type": "application/xml" } }),
      );
      await run.untilShare(BEFORE_FAULT);
      await lasting(outageMs(context));
      await refuser.shutdown();
      front.cut();
      await using _store = openProxy({ target: { port }, port: store.port });
      const recoveryS = await secondsToProgress(run, () => run.stored(), Infinity);
      await run.untilEnded(ENDS_WITHIN_MS);
      return { recoveryS };
    },
  },
  {
    name: "ledger-restart",
    description: "PostgreSQL is killed and started again in the middle of a commit",
    async bring(run, { handles, stage }) {
      const seen = Promise.withResolvers<void>();
      let isArmed = false;
      await using proxy = openProxy({
        target: { port: stage.services.postgres.port },
        inspect(bytes, towards) {
          if (!isArmed || towards !== "target" || !COMMIT.test(LATIN1.decode(bytes))) return "pass";
          // The server has the rows and will not have this.
          isArmed = false;
          seen.resolve();
          return "drop";
        },
      });
      run.start({ flags: SLOW, urls: { ledger: FaultStage.through(run.urls.ledger, proxy.port) } });
      await run.untilShare(BEFORE_FAULT);
      isArmed = true;
      await seen.promise;
      await handles.postgres.kill();
      await handles.postgres.start();
      const recoveryS = await secondsToProgress(run, () => run.committed(), run.records);
      await run.untilEnded(ENDS_WITHIN_MS);
      return { recoveryS };
    },
  },
  ...interruptionRows(LEDGER),
];

function interruptionRows(server: InterruptedServer): FaultRow[] {
  return INTERRUPTIONS.map(([how, suffix, what]) => ({
    name: `${server.name}-${suffix}`,
    description: `${server.title} ${what}`,
    concernsBroker: server === BROKER,
    async bring(run, context) {
      const { target, port } = server.ports(context);
      await using way = openFragileWay(target, port);
      run.start({ flags: SLOW, urls: server.urls(run, way.port) });
      await run.untilShare(BEFORE_FAULT);
      if (how === "cut") await cutTenTimes(run, way);
      else await way.interrupt(how, context);
      const end = server === OBJECTS ? Infinity : run.records;
      const recoveryS = await secondsToProgress(run, () => server.progress(run), end);
      await run.untilEnded(ENDS_WITHIN_MS);
      return { recoveryS };
    },
  }));
}

/** Spreads ten cuts over the work, the last one when three tenths are left. */
async function cutTenTimes(run: PipelineRun, way: FragileWay): Promise<void> {
  for (let n = 0; n < CUTS; n++) {
    await run.untilShare(BEFORE_FAULT + n * (LAST_CUT - BEFORE_FAULT) / (CUTS - 1));
    await way.cut(n % 2 === 0 ? "target" : "client");
  }
}

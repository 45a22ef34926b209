import { type FaultContext, type FaultRow, lasting, type Recovery, secondsToProgress } from "./fault_row.ts";
import { FaultStage } from "./fault_stage.ts";
import type { PipelineRun } from "./pipeline_run.ts";
import { openProxy, type Proxy, type ProxyOptions } from "./proxy.ts";

/** Share of the records that is committed before the fault. */
const BEFORE_FAULT = 0.05;
const ENDS_WITHIN_MS = 240_000;
/** How long connections hang, milliseconds: longer than every time-out of the adapters. */
const HUNG_MS = 40_000;

/** Rows in which a server restarts, is out of reach, or answers wrongly. */
export const serverRows: readonly FaultRow[] = [
  {
    name: "broker-restart",
    description: "the broker is killed and started again",
    async bring(run, { handles }) {
      run.start({ flags: SLOW });
      await run.untilShare(BEFORE_FAULT);
      await handles.kafka.kill();
      await handles.kafka.start();
      return { recoveryS: await secondsToProgress(() => run.committed(), run.records) };
    },
  },
  {
    name: "broker-unreachable",
    description: "the broker refuses connections",
    bring: (run, context) => throughBroker(run, context, (proxy) => refusing(proxy, context)),
  },
  {
    name: "broker-cut-and-hung",
    description: "connections to the broker are cut half-way, then held open without an answer",
    bring: (run, context) => throughBroker(run, context, (proxy) => cutAndHung(proxy, context)),
  },
  {
    name: "objects-unreachable",
    description: "the object store refuses connections",
    bring: (run, context) => throughObjects(run, context, (proxy) => refusing(proxy, context)),
  },
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
      return await objectsBack(run);
    },
  },
  {
    name: "objects-cut-and-hung",
    description: "connections to the object store are cut half-way, then held open without an answer",
    bring: (run, context) => throughObjects(run, context, (proxy) => cutAndHung(proxy, context)),
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
      const recoveryS = await secondsToProgress(() => run.committed(), run.records);
      await run.untilEnded(ENDS_WITHIN_MS);
      return { recoveryS };
    },
  },
  {
    name: "ledger-cut-and-hung",
    description: "connections to PostgreSQL are cut half-way, then held open without an answer",
    async bring(run, context) {
      const half = halfWay();
      await using proxy = openProxy({ target: { port: context.stage.services.postgres.port }, ...half });
      run.start({ flags: SLOW, urls: { ledger: FaultStage.through(run.urls.ledger, proxy.port) } });
      await run.untilShare(BEFORE_FAULT);
      half.arm(5);
      await cutAndHung(proxy, context);
      const recoveryS = await secondsToProgress(() => run.committed(), run.records);
      await run.untilEnded(ENDS_WITHIN_MS);
      return { recoveryS };
    },
  },
];

/** Small batches, so that there is work left when the fault is over. */
const SLOW = ["--max-batch-records", "64"];
const LATIN1 = new TextDecoder("latin1");
const COMMIT = /Q....COMMIT|commit_outcome/s;
const BUSY =
  `<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Reduce your request rate</Message></Error>`;

function outageMs({ isQuick }: FaultContext): number {
  return isQuick ? 10_000 : 60_000;
}

async function refusing(proxy: Proxy, context: FaultContext): Promise<void> {
  proxy.refuse();
  await lasting(outageMs(context));
  proxy.resume();
}

async function cutAndHung(proxy: Proxy, { isQuick }: FaultContext): Promise<void> {
  for (let cut = 0; cut < 5; cut++) {
    proxy.cut();
    await lasting(200);
  }
  proxy.hold();
  await lasting(isQuick ? 15_000 : HUNG_MS);
  proxy.resume();
}

/** Cuts the next few connections after their bytes went on, so that answers are lost. */
function halfWay(): Pick<ProxyOptions, "inspect"> & { arm(cuts: number): void } {
  let left = 0;
  return {
    arm: (cuts) => void (left = cuts),
    inspect(_, towards) {
      if (left === 0 || towards !== "target") return "pass";
      left--;
      return "pass-then-cut";
    },
  };
}

async function throughBroker(
  run: PipelineRun,
  { stage }: FaultContext,
  fault: (proxy: Proxy) => Promise<void>,
): Promise<Recovery> {
  const { upstream, advertised } = stage.services.kafka.proxied;
  await using proxy = openProxy({ target: { port: portOf(upstream) }, port: portOf(advertised) });
  run.start({ flags: SLOW, urls: { stream: `kafka://${advertised}` } });
  await run.untilShare(BEFORE_FAULT);
  await fault(proxy);
  const recoveryS = await secondsToProgress(() => run.committed(), run.records);
  await run.untilEnded(ENDS_WITHIN_MS);
  return { recoveryS };
}

async function throughObjects(
  run: PipelineRun,
  { stage }: FaultContext,
  fault: (proxy: Proxy) => Promise<void>,
): Promise<Recovery> {
  await using proxy = openProxy({ target: { port: stage.services.minio.port } });
  run.start({ urls: { objects: FaultStage.through(run.urls.objects, proxy.port) } });
  await run.untilShare(BEFORE_FAULT);
  await fault(proxy);
  return await objectsBack(run);
}

async function objectsBack(run: PipelineRun): Promise<Recovery> {
  const recoveryS = await secondsToProgress(() => run.stored(), Infinity);
  await run.untilEnded(ENDS_WITHIN_MS);
  return { recoveryS };
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}

import { type FaultContext, type FaultRow, lasting, secondsToProgress } from "./fault_row.ts";
import type { PipelineRun } from "./pipeline_run.ts";
import { FaultStage } from "./fault_stage.ts";
import { openProxy, type Proxy } from "./proxy.ts";

/** Share of the records that is committed before the fault. */
const BEFORE_FAULT = 0.05;

/** Rows in which consumers are killed, frozen, and come and go. */
export const consumerRows: readonly FaultRow[] = [
  {
    name: "kill-9",
    description: "consumer killed with SIGKILL at random moments, another one started at once",
    async bring(run, context) {
      const kills = context.isQuick ? 5 : 20;
      let recoveryS = 0;
      for (let kill = 0; kill < kills; kill++) {
        const consumer = run.start();
        if (kill % 5 === 4) {
          // While it starts, joins the group and claims.
          await lasting(context.random() * 12_000);
        } else {
          const share = (kill + context.random()) / (kills + 1);
          const startedAt = performance.now();
          const before = await run.committed();
          await run.untilShare(Math.max(share, (before + 1) / run.records));
          recoveryS = Math.max(recoveryS, (performance.now() - startedAt) / 1000);
          await lasting(context.random() * 40);
        }
        consumer.kill("SIGKILL");
        await consumer.ended();
      }
      run.start();
      return { recoveryS };
    },
  },
];

/** Rows in which a server is out of reach. */
export const networkRows: readonly FaultRow[] = [
  {
    name: "broker-unreachable",
    description: "the broker refuses connections",
    bring: (run, context) =>
      throughBroker(run, context, async (proxy) => {
        proxy.refuse();
        await lasting(outageMs(context));
        proxy.resume();
      }),
  },
  {
    name: "objects-unreachable",
    description: "the object store refuses connections",
    bring: (run, context) =>
      throughObjects(run, context, async (proxy) => {
        proxy.refuse();
        await lasting(outageMs(context));
        proxy.resume();
      }),
  },
];

function outageMs({ isQuick }: FaultContext): number {
  return isQuick ? 10_000 : 60_000;
}

async function throughBroker(
  run: PipelineRun,
  { stage }: FaultContext,
  fault: (proxy: Proxy) => Promise<void>,
): Promise<{ recoveryS: number }> {
  const [target, front] = [stage.services.kafka.proxied.upstream, stage.services.kafka.proxied.advertised];
  const port = (address: string) => Number(address.slice(address.lastIndexOf(":") + 1));
  await using proxy = openProxy({ target: { port: port(target) }, port: port(front) });
  run.start({ urls: { stream: `kafka://${front}` } });
  await run.untilShare(BEFORE_FAULT);
  await fault(proxy);
  const recoveryS = await secondsToProgress(() => run.committed(), run.records);
  await run.untilEnded(180_000);
  return { recoveryS };
}

async function throughObjects(
  run: PipelineRun,
  { stage }: FaultContext,
  fault: (proxy: Proxy) => Promise<void>,
): Promise<{ recoveryS: number }> {
  const { port } = stage.services.minio;
  await using proxy = openProxy({ target: { port } });
  run.start({ urls: { objects: FaultStage.through(run.urls.objects, proxy.port) } });
  await run.untilShare(BEFORE_FAULT);
  await fault(proxy);
  const recoveryS = await secondsToProgress(() => run.stored(), Infinity);
  await run.untilEnded(180_000);
  return { recoveryS };
}

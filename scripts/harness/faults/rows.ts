import { type FaultRow, lasting, secondsToProgress } from "./row.ts";
import { until } from "../../../src/testing/until.ts";

/** Longer than the session timeout of the group. */
const PAST_SESSION_MS = 15_000;
/** Share of the records that is committed before the fault. */
const BEFORE_FAULT = 0.05;
/** Small batches, so that work is left after the fault. */
const FLAGS = ["--max-batch-records", "64"];
/** Exit code of a process that SIGTERM ended before it listened. */
const TERMINATED = 143;
const JOINED_WITHIN_MS = 180_000;

/** Rows in which consumers are killed, frozen, come and go, or have a clock that moves. */
export const consumerRows: readonly FaultRow[] = [
  {
    name: "kill-9",
    description: "the consumer is killed with SIGKILL at random moments, and another one started at once",
    concernsBroker: true,
    async bring(run, context) {
      const kills = context.isQuick ? 5 : 20;
      let recoveryS = 0;
      for (let kill = 0; kill < kills; kill++) {
        const consumer = run.start({ flags: FLAGS });
        if (kill % 5 === 4) {
          // While it starts, joins the group and claims, and at the latest when it works.
          const before = await run.committed();
          const moment = performance.now() + context.random() * PAST_SESSION_MS;
          while (performance.now() < moment && await run.committed() === before) await lasting(5);
        } else {
          const startedAt = performance.now();
          const before = await run.committed();
          await run.untilShare((before + 1) / run.records);
          if (kill > 0) recoveryS = Math.max(recoveryS, (performance.now() - startedAt) / 1000);
          await run.untilShare((kill + context.random()) / (kills + 1));
          await lasting(context.random() * 40);
        }
        consumer.kill("SIGKILL");
        await consumer.ended();
      }
      run.start();
      recoveryS = Math.max(recoveryS, await secondsToProgress(run, () => run.committed(), run.records));
      return { recoveryS };
    },
  },
  {
    name: "join-and-leave",
    description: "three consumers join and leave by SIGTERM, one after another",
    concernsBroker: true,
    async bring(run, { isQuick }) {
      const turns = isQuick ? 3 : 6;
      let recoveryS = 0;
      const join = () => run.start({ endless: true, flags: FLAGS });
      const members = [join()];
      await run.untilShare(0.02);
      const isDone = async () => await run.committed() >= run.records;
      for (let turn = 0; turn < turns && !await isDone(); turn++) {
        members.push(join());
        const joinedAt = performance.now();
        const before = await run.committed();
        await run.attend(until(async () => await run.committed() > before || await isDone(), {
          timeoutMs: JOINED_WITHIN_MS,
          what: `commits beyond ${before}`,
        }));
        recoveryS = Math.max(recoveryS, (performance.now() - joinedAt) / 1000);
        members.push(join());
        await run.untilShare((turn + 1) / (turns + 2));
        for (const leaver of members.splice(0, 2)) {
          leaver.kill("SIGTERM");
          const { code, stderr } = await leaver.ended();
          if (code !== 0 && !(code === TERMINATED && stderr === "")) {
            throw new Error(`A consumer that leaves must exit with 0: it was ${code}: ${stderr}`);
          }
        }
      }
      run.start();
      for (const leaver of members) leaver.kill("SIGTERM");
      return { recoveryS };
    },
  },
  {
    name: "zombie",
    description:
      "a consumer is frozen past its session time-out, its partitions are taken over, and it wakes",
    concernsBroker: true,
    async bring(run) {
      const zombie = run.start({ endless: true, flags: FLAGS });
      await run.untilShare(BEFORE_FAULT);
      zombie.kill("SIGSTOP");
      const frozenAt = performance.now();
      // What PostgreSQL has of it already is still committed.
      await lasting(1000);
      run.start({ flags: FLAGS });
      const recoveryS = await secondsToProgress(run, () => run.committed(), run.records);
      await lasting(Math.max(0, PAST_SESSION_MS - (performance.now() - frozenAt)));
      zombie.kill("SIGCONT");
      // Awake beside the new owner for longer than it takes to join the group again.
      await lasting(4000);
      zombie.kill("SIGTERM");
      return { recoveryS };
    },
  },
  {
    name: "poison",
    description: "one record of ten is no transaction; the consumer is killed in their midst",
    topic: "poison",
    async bring(run) {
      const consumer = run.start({ flags: FLAGS });
      await run.untilShare(0.3);
      consumer.kill("SIGKILL");
      await consumer.ended();
      run.start();
      return { recoveryS: await secondsToProgress(run, () => run.committed(), run.records) };
    },
  },
  {
    name: "clock-back",
    description: "the consumer's clock is set back by 26 hours while it works, and once more",
    concernsBroker: true,
    async bring(run) {
      const preload = new URL("./clock.ts", import.meta.url);
      const consumer = run.start({ preload, flags: FLAGS });
      let recoveryS = 0;
      for (const share of [BEFORE_FAULT, 0.3]) {
        await run.untilShare(share);
        consumer.kill("SIGUSR2");
        await consumer.until(() => consumer.stderr.includes("clock: set back"), { what: "the clock's move" });
        recoveryS = Math.max(recoveryS, await secondsToProgress(run, () => run.committed(), run.records));
      }
      return { recoveryS };
    },
  },
];

import { outcomeOf } from "../ledger/testing/outcomes.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { openSqliteLedger } from "../ledger/sqlite/ledger.ts";
import { DeliveryError } from "../runtime/delivery_error.ts";
import { assert, assertEquals, assertRejects } from "../testing/assert.ts";
import { gatedLedger } from "./ledger_gate.ts";
import { Problem } from "./problem.ts";

/** Time that a call took, in milliseconds, and the status of its problem. */
async function refused(call: () => Promise<unknown>): Promise<{ ms: number; status: number }> {
  const from = performance.now();
  const problem = await assertRejects(call, Problem);
  assertEquals(problem.headers["retry-after"], "5");
  return { ms: performance.now() - from, status: problem.status };
}

Deno.test("gatedLedger() refuses at once while the ledger is away, and asks it again when it is back", async () => {
  const folder = await Deno.makeTempDir();
  {
    await using real = openSqliteLedger(`${folder}/ledger.db`);
    const { epoch } = await real.claim("t", 0, { owner: "a", streamId: "s" });
    await real.commit(outcomeOf("t", [0, 10], epoch));
    let fault: "none" | "silent" | "failing" | "given up" = "none";
    let failedAttempts = 0;
    const answers: (() => void)[] = [];
    const find: Ledger["find"] = (id) => {
      if (fault === "none") return real.find(id);
      if (fault === "given up") {
        return Promise.reject(new DeliveryError("the ledger is away", { retriable: true }));
      }
      if (fault === "failing") setTimeout(() => failedAttempts++, 20);
      return new Promise((resolve) => answers.push(() => resolve([])));
    };
    const ledger = new Proxy(real, {
      get(target, name) {
        if (name === "find") return find;
        if (name === "failedAttempts") return failedAttempts;
        return Reflect.get(target, name);
      },
    });
    const asked = gatedLedger(ledger, 2000);
    assertEquals((await asked.find("t3")).length, 1);
    assertEquals((await asked.labels.history("t3")).total, 0);
    assertEquals((await asked.queries.flagged("t", { limit: 9 })).length > 0, true);

    fault = "failing";
    const failing = await refused(() => asked.find("t3"));
    assert(failing.status === 503 && failing.ms < 1900, `${failing.ms} ms`);
    fault = "silent";
    const first = await refused(() => asked.find("t3"));
    assert(first.ms < 100, `at once, after ${first.ms} ms`);
    assertEquals((await refused(() => asked.labels.history("t3"))).status, 503);
    // One request a second asks all the same.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    assertEquals((await refused(() => asked.find("t3"))).status, 503);
    assertEquals(answers.length, 2);
    fault = "none";
    answers.forEach((answer) => answer());
    await Promise.resolve();
    assertEquals((await asked.find("t3")).length, 1);

    fault = "given up";
    const given = await refused(() => asked.find("t3"));
    assert(given.ms < 1000, `${given.ms} ms`);
    fault = "none";
    assertEquals((await asked.find("t3")).length, 1);
  }
  await Deno.remove(folder, { recursive: true });
});

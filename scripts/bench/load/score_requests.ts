import { setTimeout } from "node:timers/promises";

/** Milliseconds, one of each a request. */
export interface RequestTimes {
  /** From sending it to the end of its answer. */
  answered: number[];
  /** From due to sent: what the client's own timer adds. */
  late: number[];
}

/**
 * Sends one transaction a request to `POST /v1/score` at a steady rate, whether or not the one before is answered.
 *
 * @throws Error if an answer is not a verdict.
 */
export async function sendScoreRequests(
  url: string,
  ratePerS: number,
  seconds: number,
): Promise<RequestTimes> {
  const times: RequestTimes = { answered: [], late: [] };
  const sent: Promise<void>[] = [];
  const startedAt = performance.now();
  const count = ratePerS * seconds;
  const send = async (number: number, dueAt: number) => {
    const body = JSON.stringify({
      transaction_id: `bench-${number}`,
      customer_id: `c${number * 7919 % 1000}`,
      terminal_id: `t${number * 104_729 % 1000}`,
      amount: 1 + number % 500,
      currency: "EUR",
      timestamp: new Date().toISOString(),
    });
    const sentAt = performance.now();
    const response = await fetch(new URL("/v1/score", url), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    const { verdicts } = await response.json();
    times.answered.push(performance.now() - sentAt);
    times.late.push(sentAt - dueAt);
    if (response.status !== 200 || verdicts.length !== 1) {
      throw new Error(
        `Cannot measure as each answer must be a verdict: current status is ${response.status}`,
      );
    }
  };
  while (sent.length < count) {
    const due = Math.min(count, 1 + Math.floor((performance.now() - startedAt) * ratePerS / 1000));
    while (sent.length < due) sent.push(send(sent.length, startedAt + sent.length * 1000 / ratePerS));
    await setTimeout(1);
  }
  await Promise.all(sent);
  return times;
}

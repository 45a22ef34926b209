import type { ConsumerOptions } from "../../../src/consumer/consumer_options.ts";
import type { Service, ServiceConfig } from "../../../src/service.ts";

/** Where a demo's folder has everything. */
export function demoConfig(dir: string): ServiceConfig {
  return {
    stream: `sqlite:${dir}/stream.db`,
    ledger: `sqlite:${dir}/ledger.db`,
    objects: `file:${dir}/objects`,
    model: `${dir}/model`,
  };
}

/**
 * Runs the service while the work goes on, and ends it after; what is not committed by then is left.
 *
 * @param work Its signal aborts with the options' own, and when the consumer fails.
 * @throws What ends the consumer or the work.
 */
export async function runBeside(
  service: Service,
  options: ConsumerOptions,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const ending = new AbortController();
  const signal = AbortSignal.any([ending.signal, ...(options.signal ? [options.signal] : [])]);
  const consuming = service.run({ ...options, signal });
  const ended = consuming.then(() => {}, () => ending.abort());
  try {
    await work(signal);
  } finally {
    ending.abort();
    await ended;
  }
  await consuming;
}

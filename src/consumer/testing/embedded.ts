/** What tests of a consumer on embedded engines begin with. */
import { makeEmbeddedRun, openEmbedded } from "../../testing/embedded_run.ts";
import type { ConsumerParts } from "../consumer_options.ts";

/** The target with one of its methods replaced. */
export function withMethod<T extends object, K extends keyof T>(target: T, method: K, other: T[K]): T {
  return new Proxy(target, {
    get(_, name) {
      if (name === method) return other;
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Fills an embedded stream and opens what a consumer of it takes. */
export async function onEmbedded(
  events: Parameters<typeof makeEmbeddedRun>[1],
  body: (parts: ConsumerParts, ground: { folder: string; count: number }) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const count = await makeEmbeddedRun(folder, events);
  {
    await using service = await openEmbedded(folder);
    await body(service.parts, { folder, count });
  }
  await Deno.remove(folder, { recursive: true });
}

import { type OpenedServices, openServices } from "../services/open_services.ts";
import type { FaultServices } from "./faults/stage.ts";

export interface FaultServers {
  handles: OpenedServices["handles"];
  services: FaultServices;
}

/**
 * Starts every server that does not run; they are left running.
 *
 * @returns Undefined, with the reasons printed, if a server cannot be installed on this machine.
 * @throws Error if an installed server does not start.
 */
export async function openFaultServers(): Promise<FaultServers | undefined> {
  const { handles, unavailable, failed } = await openServices({ report: (line) => console.error(line) });
  if (unavailable.size > 0) {
    for (const [name, why] of unavailable) console.log(`skipped: ${name} cannot be installed here: ${why}`);
    return;
  }
  const [cause] = failed.values();
  if (cause !== undefined) {
    throw new Error(`Cannot test as every server must start: current value is ${cause.message}`, { cause });
  }
  const services = Object.values(handles).map((handle) => [handle.name, handle.service]);
  return { handles, services: Object.fromEntries(services) };
}

import { fileURLToPath } from "node:url";
import { type Engine, fileIn } from "../../../runtime/engine.ts";
import type { Broker } from "../../broker.ts";

/** A Kafka cluster over npm:@platformatic/kafka. */
export const platformaticStream: Engine<Broker> = {
  schemes: ["kafka://"],
  example: "kafka://host:port",
  client: "platformatic",
  home: import.meta.url,
  packages: ["@platformatic/kafka"],
  permissions: (url) => ({
    // The first broker names the others.
    net: "any",
    read: [...fileIn(url, "ca"), platformaticWasm()],
    // The package asks for every name, to find those of its debug output.
    ignoresEnv: true,
  }),
  async open(url, { onTrouble }) {
    return await (await import("./open.ts")).openPlatformaticBroker(url, { report: onTrouble });
  },
};

/** Folder in Deno's cache with the WebAssembly file that the package reads when it is loaded. */
export function platformaticWasm(): string {
  return fileURLToPath(new URL("../../../wasm-utils/", import.meta.resolve("@platformatic/kafka")));
}

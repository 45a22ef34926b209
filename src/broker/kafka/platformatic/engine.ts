import { fileURLToPath } from "node:url";
import { asReadable, type Engine } from "../../../runtime/engine.ts";
import type { Broker } from "../../broker.ts";
import { parseKafkaUrl } from "../url.ts";

/** A Kafka cluster over npm:@platformatic/kafka. */
export const platformaticStream: Engine<Broker> = {
  schemes: ["kafka://"],
  example: "kafka://host:port",
  client: "platformatic",
  home: import.meta.url,
  packages: ["@platformatic/kafka"],
  permissions: (url) =>
    asReadable(() => {
      const { caFile } = parseKafkaUrl(url);
      const read = [...caFile === undefined ? [] : [caFile], platformaticWasm()];
      // The first broker names the others; the package asks for every name, to find those of its debug output.
      return { net: "any", read, ignoresEnv: true };
    }),
  async open(url, { onTrouble }) {
    // A wrong URL has no permissions, without which the package cannot even be loaded.
    parseKafkaUrl(url);
    return await (await import("./open.ts")).openPlatformaticBroker(url, { onTrouble });
  },
};

/** Folder in Deno's cache with the WebAssembly file that the package reads when it is loaded. */
export function platformaticWasm(): string {
  return fileURLToPath(new URL("../../../wasm-utils/", import.meta.resolve("@platformatic/kafka")));
}

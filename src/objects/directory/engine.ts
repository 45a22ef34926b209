import type { Engine } from "../../runtime/engine.ts";
import type { ObjectStore } from "../objects.ts";

const pathOf = (url: string) => url.slice("file:".length);

/** Objects in a folder. */
export const directoryStore: Engine<ObjectStore> = {
  schemes: ["file:"],
  example: "file:PATH",
  home: import.meta.url,
  packages: [],
  permissions: (url) => ({ write: [pathOf(url)] }),
  open: async (url) => (await import("./store.ts")).openDirectory(pathOf(url)),
};

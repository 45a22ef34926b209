/**
 * The service for `deno serve scripts/commands/serve_fetch.ts`: it scores with the model in `MODEL_DIR` and keeps a state of its own.
 *
 * Only callers of this machine are answered: where it listens is Deno's to say, so it cannot know whether others reach it.
 *
 * @module
 */
import { readConfig } from "../../src/config.ts";
import { type AloneService, openAlone } from "../../src/http/alone.ts";
import { createTelemetry } from "../../src/runtime/telemetry.ts";
import { modelPlace } from "../cli/options/model_place.ts";

let opened: Promise<AloneService> | undefined;

/** Opens the service at the first request; where that fails, the next one tries again. */
function service(): Promise<AloneService> {
  opened ??= openAlone({}, {
    model: modelPlace(readConfig({}).model),
    topic: "transactions",
    stateless: false,
    telemetry: createTelemetry(),
  }).catch((error) => {
    opened = undefined;
    throw error;
  });
  return opened;
}

export default {
  /** Answers a request. */
  async fetch(request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>): Promise<Response> {
    return await (await service()).app.fetch(request, info.remoteAddr.hostname);
  },
};

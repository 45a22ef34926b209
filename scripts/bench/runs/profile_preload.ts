/**
 * Profiles the main thread of a program until it calls `Deno.exit`:
 * `deno run --preload=…/profile_preload.ts?out=FILE …`.
 *
 * @module
 */
import { Session } from "node:inspector";

const INTERVAL_US = 1000;
const out = new URL(import.meta.url).searchParams.get("out")!;
const session = new Session();
session.connect();
session.post("Profiler.enable");
session.post("Profiler.setSamplingInterval", { interval: INTERVAL_US });
session.post("Profiler.start");
const exit = Deno.exit;
// The answer comes in a later turn of the event loop, so the program ends after it.
Deno.exit = ((code?: number) => {
  session.post("Profiler.stop", (error, answer) => {
    if (error) throw error;
    Deno.writeTextFileSync(out, JSON.stringify((answer as { profile: unknown }).profile));
    exit(code);
  });
}) as typeof exit;

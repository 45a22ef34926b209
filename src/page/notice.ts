/// <reference lib="dom" />
import { h } from "preact";
import { RequestError } from "./ask.ts";
import type { Drawn } from "./drawn.ts";

/** Says in the place of figures why there are none. */
export function Notice({ title, children }: { title: string; children?: unknown }): Drawn {
  return h("div", { class: "notice" }, h("p", { class: "notice-title" }, title), children as Drawn);
}

/** Says that there is no such thing, or that an answer did not come, and asks again when told to. */
export function Failure({ error, retry }: { error: Error; retry?: () => void }): Drawn {
  const status = error instanceof RequestError ? error.status : 0;
  return h("div", { class: "notice failure", role: "alert" }, [
    h("p", { class: "notice-title" }, [
      status === 404 ? "Not found" : status > 0 ? `No answer (${status})` : "No answer",
    ]),
    h("p", null, error.message),
    retry && h("button", { type: "button", onClick: retry }, "Try again"),
  ]);
}

/** Says that an answer is on its way. */
export function Loading({ what }: { what: string }): Drawn {
  return h("p", { class: "notice loading", role: "status" }, `Loading ${what} …`);
}

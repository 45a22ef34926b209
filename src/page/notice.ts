/// <reference lib="dom" />
import { h } from "preact";
import { RequestError } from "./ask.ts";
import type { Drawn } from "./drawn.ts";

/** Says why there are no figures here. */
export function Notice({ title, children }: { title: string; children?: unknown }): Drawn {
  return h("div", { class: "notice" }, h("p", { class: "notice-title" }, title), children as Drawn);
}

/** Says that something is not found or a request failed, with a button to retry. */
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

/** Says that something is loading. */
export function Loading({ what }: { what: string }): Drawn {
  return h("p", { class: "notice loading", role: "status" }, `Loading ${what} …`);
}

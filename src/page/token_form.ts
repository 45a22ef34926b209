/// <reference lib="dom" />
import { h, type TargetedSubmitEvent } from "preact";
import { keepToken, sessionToken } from "./ask.ts";
import type { Drawn } from "./drawn.ts";

/** Asks for a token if the server needs one. */
export function TokenForm({ problem, onToken }: { problem: string; onToken: () => void }): Drawn {
  return h("section", { class: "panel token" }, [
    h("h1", { tabIndex: -1 }, sessionToken() === null ? "Access token" : "The token was refused"),
    h("p", null, "This server needs a token. It is kept in this tab only, until the tab is closed."),
    h("p", { class: "said", role: "alert" }, problem),
    h("form", {
      onSubmit: (event: TargetedSubmitEvent<HTMLFormElement>) => {
        event.preventDefault();
        const token = String(new FormData(event.currentTarget).get("token") ?? "").trim();
        if (token === "") return;
        keepToken(token);
        onToken();
      },
    }, [
      h("label", { for: "token" }, "Token"),
      h("input", {
        id: "token",
        name: "token",
        type: "password",
        autocomplete: "off",
        required: true,
        spellcheck: false,
      }),
      h("button", { type: "submit", class: "primary" }, "Open"),
    ]),
    h("p", { class: "note" }, [
      "Make one with ",
      h("code", null, "deno task token"),
      "; the label buttons need its scope label.",
    ]),
  ]);
}

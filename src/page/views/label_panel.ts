/// <reference lib="dom" />
import { h } from "preact";
import { useState } from "preact/hooks";
import { postJson } from "../ask.ts";
import { LabelTag } from "./flagged_table.ts";
import { formatTime } from "../format.ts";
import { Panel } from "./panel.ts";
import type { KnownLabel } from "../../http/routes/answers.ts";
import type { Drawn } from "../drawn.ts";

/** An analyst's answer on one transaction: two buttons, the newest label, and the earlier ones. */
export function LabelPanel(
  { transactionId, label, onChange }: {
    transactionId: string;
    label: KnownLabel | null;
    onChange: () => void;
  },
): Drawn {
  const [said, say] = useState("");
  const [isBusy, setBusy] = useState(false);
  const answer = async (isFraud: boolean) => {
    setBusy(true);
    try {
      await postJson("/v1/labels", { transaction_id: transactionId, is_fraud: isFraud });
      const word = isFraud ? "fraud" : "legitimate";
      say(`Saved: ${word}. From now on it counts in the features of this terminal and customer.`);
      onChange();
    } catch (error) {
      say(`Not saved: ${(error as Error).message}`);
    } finally {
      setBusy(false);
    }
  };
  const button = (isFraud: boolean, name: string) =>
    h("button", {
      type: "button",
      class: isFraud ? "fraud" : "legit",
      "aria-pressed": String(label?.is_fraud === isFraud),
      // A disabled button would lose the focus.
      "aria-disabled": String(isBusy),
      onClick: () => isBusy || answer(isFraud),
    }, name);
  const history = label?.history ?? [];
  return h(Panel, { id: "label", class: "label-panel", title: "Was it fraud?" }, [
    h("div", { class: "answers" }, button(true, "Fraud"), button(false, "Legitimate")),
    h("p", { class: "truth" }, [
      label === null ? h("span", { class: "quiet" }, "No answer yet.") : [
        h(LabelTag, { label: label.is_fraud ? "fraud" : "legit" }),
        ` since ${formatTime(label.labelled_at)}${authorOf(label)}`,
      ],
    ]),
    h("p", { class: "said", role: "status" }, said),
    history.length > 1 && h("details", { class: "figures" }, [
      h("summary", null, [
        `History of ${label!.history_total} answers`,
        label!.history_total > history.length && `, the newest ${history.length}`,
      ]),
      h("ol", { class: "history" }, [
        history.map((each) =>
          h("li", null, [
            h(LabelTag, { label: each.is_fraud ? "fraud" : "legit" }),
            each.repeats ? " confirmed" : ` ${formatTime(each.labelled_at)}`,
            authorOf(each),
          ])
        ),
      ]),
    ]),
  ]);
}

const WAYS = { stream: " from the stream", command: " on the command line", api: "" } as const;

/** Who said it, how it came, and when by the clock; what nobody checked is said to be so. */
function authorOf({ by, source, claimed_by, decided_at }: KnownLabel["history"][number]): string {
  const author = by === null ? "" : ` by ${by}`;
  const note = claimed_by === null ? "" : `, who wrote “${claimed_by}”`;
  const when = decided_at === null
    ? ""
    : `, ${source === "stream" ? "read" : "answered"} ${formatTime(decided_at)}`;
  return `${author}${source === null ? "" : WAYS[source]}${note}${when}`;
}

import type { Manifest } from "../forest/manifest.ts";
import type { LabelColumns } from "../domain/label.ts";
import { expectsLegitimateLabels } from "../features/stage.ts";

/** So many fraud labels without a legitimate one are no coincidence. */
const TELLING_LABELS = 100;

/**
 * Warns if a label topic holds frauds alone, as chargebacks do, while the model expects legitimate labels too. A terminal
 * with one fraud would then stay suspicious for good, and ever more would be flagged.
 *
 * @param warn Called once, after 100 labels that all say fraud.
 * @returns Takes labels as they are read.
 *
 * @example
 * ```ts
 * import { oneSidedLabels } from "./one_sided_labels.ts";
 *
 * const look = oneSidedLabels({ features: [{ name: "terminal_label_ewma" }] }, console.warn);
 * look({ count: 1, isFraud: Uint8Array.of(0) });
 * ```
 */
export function oneSidedLabels(
  manifest: Pick<Manifest, "features" | "presumeLegitimateAfterMs">,
  warn: (message: string) => void,
): (labels: Pick<LabelColumns, "count" | "isFraud">) => void {
  let isDecided = !expectsLegitimateLabels(manifest);
  let frauds = 0;
  return ({ count, isFraud }) => {
    for (let row = 0; row < count && !isDecided; row++) {
      if (isFraud[row] === 0) isDecided = true;
      else if (++frauds === TELLING_LABELS) {
        isDecided = true;
        warn(
          `the first ${frauds} labels all say fraud, while the model was trained to see labels of legitimate transactions, too: terminals ` +
            "with a fraud will stay suspicious for good, and ever more will be flagged; where only frauds are labelled, use a model " +
            "of `train --presume-legitimate-after`",
        );
      }
    }
  };
}

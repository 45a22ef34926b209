import type { Manifest } from "../forest/manifest.ts";
import type { LabelColumns } from "../domain/label.ts";
import { expectsLegitimateLabels } from "../features/stage.ts";

/** Fraud labels without a legitimate one among them, after which it is no chance. */
const TELLING_LABELS = 100;

/**
 * Watches for a label topic that tells of frauds alone, as chargebacks do, beside a model that expects labels of legitimate transactions, too:
 * a terminal that had a fraud once would stay suspicious for good, and the longer the stream, the more of it would be flagged.
 *
 * @param warn Told once, of the first 100 labels where all of them say fraud.
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

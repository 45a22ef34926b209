import type { FeatureDefinition } from "./definition.ts";
import type { PartColumns, RowState } from "./state/part.ts";

/**
 * Makes a function that writes the values of one row's features to `out`, from `at` on.
 *
 * The first eight have a call each instead of a loop: a call that always meets the same definition is inlined, and its
 * number needs no object to be returned.
 *
 * @param definitions One at least, in the order of the columns.
 * @param parts The columns of the part that each definition needs.
 */
export function rowWriter(
  definitions: readonly FeatureDefinition[],
  parts: readonly PartColumns[],
): (row: Readonly<RowState>, out: Float32Array, at: number) => void {
  const { length } = definitions;
  const [first, second, third, fourth, fifth, sixth, seventh, eighth] = definitions;
  const [one, two, three, four, five, six, seven, eight] = parts;
  return (row, out, at) => {
    out[at] = first.value(row, one);
    if (length > 1) out[at + 1] = second.value(row, two);
    if (length > 2) out[at + 2] = third.value(row, three);
    if (length > 3) out[at + 3] = fourth.value(row, four);
    if (length > 4) out[at + 4] = fifth.value(row, five);
    if (length > 5) out[at + 5] = sixth.value(row, six);
    if (length > 6) out[at + 6] = seventh.value(row, seven);
    if (length > 7) out[at + 7] = eighth.value(row, eight);
    for (let j = 8; j < length; j++) out[at + j] = definitions[j].value(row, parts[j]);
  };
}

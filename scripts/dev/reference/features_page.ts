import { featureRegistry, featureSets } from "../../../src/features/registry.ts";
import { prose, table } from "./table.ts";

/** The page of features: the registry, and the sets that `train --features` takes. */
export function featuresPage(): string {
  const setsOf = (name: string) =>
    Object.entries(featureSets).filter(([, names]) => (names as readonly string[]).includes(name)).map((
      [set],
    ) => set);
  const rows = [...featureRegistry.values()].map(({ name, kind, window, side, unit, description, range }) => [
    `\`${name}\``,
    kind.replaceAll("-", " "),
    window ?? "",
    unit,
    `${description}${range === undefined ? "" : ` (counts from ${range.floor}, 1 at ${range.ceiling})`}`,
    side === "high" ? "high values" : "both ends",
    setsOf(name).join(", "),
  ]);
  return [
    "# Features",
    prose(
      "What a model of transactions can see of each one. `train --features` takes names of this list, or the name of a set. " +
        "All of them are computed from the transactions before and from the labels known at the time.",
    ),
    table(["feature", "of the", "window", "unit", "meaning", "suspicious", "sets"], rows),
    "## Sets",
    table(
      ["set", "features"],
      Object.entries(featureSets).map((
        [set, names],
      ) => [`\`${set}\``, names.map((name) => `\`${name}\``).join(", ")]),
    ),
    prose(
      "A feature of which high values are suspicious is bent before the forest sees it: clip((x − floor) / (ceiling − floor), " +
        "0, 4), where floor and ceiling are the 90th and 99.5th percentile of the training rows unless the table says others.",
    ),
  ].join("\n\n");
}

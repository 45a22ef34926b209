import { LineCounter, parseDocument } from "yaml";
import { definitionSchema, type StreamDefinition } from "./definition.ts";

/** A stream definition that cannot be used: `problems` says each, with line and column. */
export class DefinitionError extends TypeError {
  /** Name of the class, as stacks show it. */
  override readonly name = "DefinitionError";
  readonly problems: readonly string[];

  /** Names the file and every problem. */
  constructor(file: string, problems: readonly string[]) {
    super(
      `Cannot use the stream definition ${file}:\n${problems.map((problem) => `  ${problem}`).join("\n")}`,
    );
    this.problems = problems;
  }
}

/**
 * Reads a stream definition in YAML or JSON.
 *
 * @param file Its name, for messages.
 * @throws DefinitionError with every problem at once, each with line and column.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { readDefinition } from "./read.ts";
 *
 * const { fields } = readDefinition("version: 1\nfields: { customer_id: card, amount: sum, timestamp: at }", "a.yaml");
 * assertEquals(fields.amount, "sum");
 * ```
 */
export function readDefinition(text: string, file: string): StreamDefinition {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: true });
  const place = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset);
    return `${line}:${col}`;
  };
  const broken = document.errors.map(({ pos, message }) => `${place(pos[0])} ${message}`);
  if (broken.length > 0) throw new DefinitionError(file, broken);
  const parsed = definitionSchema.safeParse(document.toJS({ maxAliasCount: 20 }));
  if (parsed.success) return parsed.data;
  /** Where the deepest part of a path stands that is in the file. */
  const placeOf = (path: readonly PropertyKey[]): string => {
    for (let depth = path.length; depth >= 0; depth--) {
      const node = document.getIn(path.slice(0, depth), true) as { range?: [number] } | undefined;
      if (node?.range) return place(node.range[0]);
    }
    return "1:1";
  };
  const problems = parsed.error.issues.flatMap((issue) => problemsOf(issue, []))
    .map(({ path, message }) => `${placeOf(path)} ${path.join(".") || "the definition"}: ${message}`);
  throw new DefinitionError(file, [...new Set(problems)]);
}

interface Issue {
  code?: string;
  path: readonly PropertyKey[];
  message: string;
  keys?: readonly string[];
  errors?: readonly (readonly Issue[])[];
}

/** The problems of an issue: of a union those of the branch that came furthest. */
function problemsOf(issue: Issue, above: readonly PropertyKey[]): { path: PropertyKey[]; message: string }[] {
  const path = [...above, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    return (issue.keys ?? []).map((key) => ({ path: [...path, key], message: "is not known" }));
  }
  if (issue.code !== "invalid_union" || !issue.errors?.length) return [{ path, message: issue.message }];
  const branches = issue.errors.filter((errors) => !errors.some(isOtherType));
  const [best = issue.errors[0]] = branches.toSorted((a, b) => a.length - b.length);
  return best.flatMap((inner) => problemsOf(inner, path));
}

/** Whether a branch of a union does not fit at all, as it is for text where an object stands. */
function isOtherType({ code, path }: Issue): boolean {
  return code === "invalid_type" && path.length === 0;
}

const COLUMNS = 100;

/** Prose in lines of 100 columns. */
export function prose(text: string): string {
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const line = `${lines.at(-1)} ${word}`.trimStart();
    if ([...line].length <= COLUMNS) lines[lines.length - 1] = line;
    else lines.push(word);
  }
  return lines.join("\n");
}

/** Markdown of a table; a bar in a cell is escaped. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(heads), line(heads.map(() => "---")), ...rows.map(line)].join("\n");
}

/** A JSON Schema, as far as the tables of fields read it. */
export interface FieldSchema {
  type?: string;
  description?: string;
  enum?: readonly unknown[];
  const?: unknown;
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minLength?: number;
  maxLength?: number;
  anyOf?: readonly FieldSchema[];
  items?: FieldSchema;
  properties?: Readonly<Record<string, FieldSchema>>;
  required?: readonly string[];
}

/** Meanings of fields by their path, for those whose schema has none. */
export type Meanings = Readonly<Record<string, string>>;

/**
 * The table of an object's fields.
 *
 * @throws Error if a meaning is that of no field, which is gone from the schema then.
 */
export function fieldTable(schema: FieldSchema, meanings: Meanings = {}): string {
  const rows = fieldRows(schema);
  const gone = Object.keys(meanings).find((path) => !rows.some(([cell]) => cell === `\`${path}\``));
  if (gone !== undefined) throw new Error(`Cannot write the table of fields: there is no field ${gone}`);
  const told = rows.map((
    [cell, type, required, own],
  ) => [cell, type, required, own || (meanings[cell.slice(1, -1)] ?? "")]);
  return table(["field", "type", "required", "meaning"], told);
}

/** Rows `field | type | required | meaning` of an object's schema; fields of objects in it come after a dot. */
function fieldRows(schema: FieldSchema, before = ""): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const isRequired = schema.required?.includes(name) ?? false;
    const inner = field.properties ? field : field.items?.properties ? field.items : undefined;
    const path = `${before}${name}${field.items?.properties ? "[]" : ""}`;
    return [
      [`\`${path}\``, typeOf(field), isRequired ? "yes" : "", field.description ?? ""],
      ...inner === undefined ? [] : fieldRows(inner, `${path}.`),
    ];
  });
}

function typeOf(field: FieldSchema): string {
  if (field.anyOf !== undefined) return [...new Set(field.anyOf.map(typeOf))].join(" or ");
  if (field.const !== undefined) return JSON.stringify(field.const);
  if (field.enum !== undefined) return field.enum.map((value) => `\`${value}\``).join(", ");
  if (field.type === "array") {
    return `array of ${field.items?.properties ? "objects" : typeOf(field.items ?? {})}`;
  }
  const { type = "any", format, pattern } = field;
  return [type, format ?? (pattern && pattern.length < 20 ? `\`${pattern}\`` : undefined), boundsOf(field)]
    .filter((part) => part !== undefined).join(", ");
}

function boundsOf(
  { minimum, maximum, exclusiveMinimum, minLength, maxLength }: FieldSchema,
): string | undefined {
  const isBound = (value: number | undefined): value is number =>
    value !== undefined && Math.abs(value) !== Number.MAX_SAFE_INTEGER;
  const bounds = [
    isBound(exclusiveMinimum) ? `> ${exclusiveMinimum}` : undefined,
    isBound(minimum) ? `≥ ${minimum}` : undefined,
    isBound(maximum) ? `≤ ${maximum}` : undefined,
    maxLength !== undefined ? `${minLength ?? 0} to ${maxLength} characters` : undefined,
  ].filter((bound) => bound !== undefined);
  return bounds.length === 0 ? undefined : bounds.join(" ");
}

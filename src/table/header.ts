import { cellKind } from "./cell.ts";

/** Refuses names that are no header: numbers, times, or a name that stands twice. */
export function checkColumns(columns: string[], name: string): void {
  const isNumbers = columns.every((column) => cellKind(column) === "number");
  if (
    (isNumbers && !(columns[0] === "0" && isCounted(columns))) ||
    columns.some((column) => TIME_OF_DAY.test(column))
  ) {
    throw noHeader(columns, name);
  }
  const seen = new Set<string>();
  for (const column of columns) {
    if (column !== "" && seen.has(column)) {
      throw new RangeError(
        `Cannot read ${name} as each column must have a name of its own: "${column}" stands twice`,
      );
    }
    seen.add(column);
  }
}

/**
 * Refuses a first line that is a row like the others, having numbers wherever they have, and one that is a title.
 *
 * @param below The first rows, those of them that have as many cells, and the name of the delimiter.
 */
export function checkHeader(
  columns: string[],
  { rows, fitting, splitAt }: { rows: string[][]; fitting: string[][]; splitAt: string },
  name: string,
): void {
  if (columns.length === 1 && rows.length > 1 && fitting.length === 0) {
    throw new RangeError(
      `Cannot read ${name} as its first line must name the columns: current value is "${
        columns[0]
      }", where the rows ` +
        `have ${rows[0].length} cells, split at ${splitAt}; if that is no delimiter, give --delimiter`,
    );
  }
  const numbers = columns.filter((column, c) =>
    column !== "" && fitting.some((cells) => cellKind(cells[c]) !== "missing") &&
    fitting.every((cells) => cellKind(cells[c]) !== "text")
  );
  if (numbers.length === 0 || isCounted(numbers)) return;
  if (numbers.every((column) => cellKind(column) !== "text")) throw noHeader(columns, name);
}

/** Refuses `amount, EUR` over `0,50` and `1,05`: the comma is as likely that of a name and of decimal numbers. */
export function checkFractions(header: string[], rows: string[][], name: string): void {
  const c = header.findIndex((column, c) =>
    c > 0 && column.startsWith(" ") && rows.some((cells) => /^0\d/.test(cells[c])) &&
    rows.every((cells) => /^\d{1,3}$/.test(cells[c]) && /^[+-]?\d+$/.test(cells[c - 1]))
  );
  if (c < 0) return;
  const cell = rows[0].slice(c - 1, c + 1).join();
  throw new RangeError(
    `Cannot read ${name} as it is not clear whether "${header[c - 1]},${
      header[c]
    }" are two columns or one, with ` +
      `decimal commas such as "${cell}": quote such names and numbers, or give --delimiter , for two`,
  );
}

/** Where semicolons separate, 1.234 in every row may well be one thousand two hundred and thirty-four. */
export function thousandsNote(column: string, cells: string[]): string[] {
  const pointed = cells.filter((cell) => cell.includes("."));
  const isDoubtful = pointed.length > 1 && pointed.every((cell) => /^-?[1-9]\d{0,2}\.\d{3}$/.test(cell));
  return isDoubtful
    ? [
      `column "${column}" has "${pointed[0]}", read as ${
        Number(pointed[0])
      }; --decimal , takes the point for thousands`,
    ]
    : [];
}

const TIME_OF_DAY = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/;

/** Whether names count up one by one, as pandas writes them for columns without names, or as years do. */
function isCounted(names: string[]): boolean {
  return names.every((name, i) => /^\d+$/.test(name) && Number(name) === Number(names[0]) + i) &&
    (names.length > 1 || names[0] === "0");
}

function noHeader(columns: string[], name: string): RangeError {
  return new RangeError(
    `Cannot read ${name} as its first line must name the columns: ` +
      `current value is "${columns.join().slice(0, 60)}"`,
  );
}

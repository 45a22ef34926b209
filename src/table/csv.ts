import Papa from "papaparse";
import { chooseDelimiter } from "./delimiter.ts";

/** The low-level parser of papaparse: npm:@types/papaparse brings @types/node, which would replace Deno's own Node types. */
interface PieceParser {
  /** With `ignoreLastRow` it leaves the last row, which may go on in the next piece. */
  parse(text: string, baseIndex: number, ignoreLastRow: boolean): {
    data: string[][];
    errors: { code: string; message: string; row: number }[];
    meta: { cursor: number };
  };
}

const Parser =
  (Papa as { Parser: new (config: { delimiter: string; newline: string; preview?: number }) => PieceParser })
    .Parser;

/** Characters and rows from which the delimiter is chosen. */
const SAMPLE_LENGTH = 2 ** 17;
const SAMPLE_ROWS = 1001;
/** The line by which Excel is told the delimiter. */
const SEP_LINE = /^"?sep=(.)"?(?:\n|$)/i;

/** Characters that a row may have; a longer one most likely has a quote that is never closed. */
const LONGEST_ROW = 4 * 2 ** 20;

/**
 * Splits text into rows of cells by RFC 4180, piece by piece: quoted cells may hold commas, line ends and doubled quotes;
 * lines end in LF, CRLF or CR; empty lines are skipped. The delimiter is comma, semicolon, tab or bar, by what it makes of
 * the first 1,000 rows, unless a first line "sep=;" or the caller names it.
 *
 * @param pieces Text cut anywhere.
 * @param name The text's name in messages.
 * @param onDelimiter Called with the delimiter before the first rows.
 * @returns Batches of rows, the header being the first row of the first batch.
 * @throws SyntaxError for a quote that is not closed, or closed in the middle of a cell.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { readCsv } from "./csv.ts";
 *
 * async function* pieces() {
 *   yield 'name,amo';
 *   yield 'unt\r\n"a, b",2\r\n';
 * }
 * const rows = (await Array.fromAsync(readCsv(pieces(), "example"))).flat();
 * assertEquals(rows, [["name", "amount"], ["a, b", "2"]]);
 * ```
 */
export async function* readCsv(
  pieces: AsyncIterable<string>,
  name: string,
  { delimiter, onDelimiter }: { delimiter?: string; onDelimiter?: (delimiter: string) => void } = {},
): AsyncGenerator<string[][]> {
  let parser: PieceParser | undefined;
  let rest = "";
  let rowsRead = 0;
  const split = (last: boolean): string[][] => {
    const { data, errors, meta } = parser!.parse(rest, 0, !last);
    if (errors.length > 0) {
      const { message, row } = errors[0];
      throw new SyntaxError(
        `Cannot read ${name} as every quoted cell must end with a quote and a delimiter ` +
          `(row ${rowsRead + row - 1}): current value is "${message}"`,
      );
    }
    rest = rest.slice(meta.cursor);
    if (rest.length > LONGEST_ROW) {
      throw new SyntaxError(
        `Cannot read ${name} as row ${
          rowsRead + data.length - 1
        } must have at most ${LONGEST_ROW} characters, ` +
          `so a quote before it may not be closed: current value is ${rest.length}`,
      );
    }
    rowsRead += data.length;
    return data.filter((row) => row.length > 1 || row[0] !== "");
  };
  const open = (whole: boolean) => {
    const text = rest.replace(/^\n+/, "");
    if (text === "" || (!whole && !isSample(text))) return;
    const told = SEP_LINE.exec(text);
    rest = told === null ? text : text.slice(told[0].length);
    const chosen = delimiter ?? told?.[1] ?? delimiterOf(rest, whole, name);
    parser = new Parser({ delimiter: chosen, newline: "\n" });
    onDelimiter?.(chosen);
  };
  for await (const piece of unixLineEnds(pieces)) {
    rest += piece;
    if (!parser) open(false);
    if (!parser) continue;
    const rows = split(false);
    if (rows.length > 0) yield rows;
  }
  if (!parser) open(true);
  if (!parser || rest === "") return;
  const rows = split(true);
  if (rows.length > 0) yield rows;
}

/** Whether the start of a text tells enough: a header and a row at least, and rows enough or text enough. */
function isSample(text: string): boolean {
  const lines = text.split("\n", SAMPLE_ROWS + 1).length;
  return lines > SAMPLE_ROWS || (text.length >= SAMPLE_LENGTH && lines > 2) || text.length >= LONGEST_ROW;
}

function delimiterOf(text: string, whole: boolean, name: string): string {
  const split = (delimiter: string) => {
    const { data, errors } = new Parser({ delimiter, newline: "\n", preview: SAMPLE_ROWS })
      .parse(text, 0, !whole);
    return errors.length > 0 ? undefined : data.filter((row) => row.length > 1 || row[0] !== "");
  };
  return chooseDelimiter(split, name);
}

/** Turns CRLF and CR into LF, also where a piece ends between the two. */
async function* unixLineEnds(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let carried = "";
  for await (const piece of pieces) {
    let text = carried + piece;
    carried = text.endsWith("\r") ? "\r" : "";
    if (carried) text = text.slice(0, -1);
    yield text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
  }
  if (carried) yield "\n";
}

/** Reads the project's Markdown: links, paths named in the text, and command blocks. */
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** How a command block is meant: run in order, run beside the blocks after it, or left to another test or to nobody. */
export type BlockKind = "run" | "background" | "elsewhere" | "not run";

/** A command block of a page. */
export interface CommandBlock {
  line: number;
  kind: BlockKind;
  /** Of `elsewhere` the path of the test, of `not run` the reason; else empty. */
  note: string;
  commands: string;
}

/** Something that a page names and that is not there. */
export interface DocsProblem {
  page: string;
  line: number;
  problem: string;
}

const MARKERS: readonly (readonly [RegExp, BlockKind])[] = [
  [/^<!-- not run: (\S.*) -->$/, "not run"],
  [/^<!-- run by (\S+) -->$/, "elsewhere"],
  [/^<!-- run in the background -->$/, "background"],
];
/** A path in text: below a folder of the project, or a file at its root. */
const PATH =
  /^(?:(?:src|scripts|assembly|model|\.github|\.ci)\/[\w.@/-]*|(?:deno|asconfig)\.json|deno\.lock|docker-compose\.yml)$/;

/** The project's Markdown pages: README and everything below `.github`, as paths from the root. */
export async function markdownPages(root: URL): Promise<string[]> {
  const pages = ["README.md"];
  const visit = async (folder: string) => {
    for await (const { name, isDirectory } of Deno.readDir(new URL(folder, root))) {
      if (isDirectory) await visit(`${folder}${name}/`);
      else if (name.endsWith(".md")) pages.push(`${folder}${name}`);
    }
  };
  await visit(".github/");
  return pages.sort();
}

/**
 * The command blocks of a page: those whose language is `sh` or `bash`.
 *
 * @throws SyntaxError if a comment right before a block is none of the markers that CONTRIBUTING lists.
 */
export function commandBlocks(text: string): CommandBlock[] {
  const lines = text.split("\n");
  const blocks: CommandBlock[] = [];
  for (let at = 0; at < lines.length; at++) {
    const language = /^\s*```(\w*)/.exec(lines[at])?.[1];
    if (language === undefined) continue;
    const end = lines.findIndex((line, i) => i > at && line.trim() === "```");
    if (end < 0) throw new SyntaxError(`line ${at + 1}: the block does not end`);
    if (language === "sh" || language === "bash") {
      const before = lines.slice(0, at).findLast((line) => line.trim() !== "")?.trim() ?? "";
      const commands = lines.slice(at + 1, end).join("\n");
      blocks.push({ line: at + 1, commands, ...readMarker(before, at + 1) });
    }
    at = end;
  }
  return blocks;
}

function readMarker(before: string, line: number): Pick<CommandBlock, "kind" | "note"> {
  if (!before.startsWith("<!--")) return { kind: "run", note: "" };
  for (const [form, kind] of MARKERS) {
    const found = form.exec(before);
    if (found !== null) return { kind, note: found[1] ?? "" };
  }
  throw new SyntaxError(`line ${line}: unknown marker ${before}`);
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(text: string): Set<string> {
  const headings = withoutBlocks(text).matchAll(/^#+ +(.+)$/gm);
  return new Set(
    [...headings].map(([, heading]) =>
      heading.trim().toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-")
    ),
  );
}

/** Links and named paths of a page that lead nowhere. */
export async function deadLinks(root: URL, page: string): Promise<DocsProblem[]> {
  const text = await Deno.readTextFile(new URL(page, root));
  const problems: DocsProblem[] = [];
  const lines = text.split("\n");
  const prose = withoutBlocks(text).split("\n");
  for (const [i, line] of lines.entries()) {
    const refuse = (problem: string) => problems.push({ page, line: i + 1, problem });
    for (const [, target] of prose[i].replace(/`[^`]*`/g, "").matchAll(/\]\(([^)\s]+)\)/g)) {
      const problem = await linkProblem(root, page, target);
      if (problem !== undefined) refuse(problem);
    }
    // Text, inline code and command blocks name paths; NAME stands for one that a reader puts in.
    for (const word of line.split(/[\s`"'(),;|=\\]+/)) {
      const path = word.replace(/[.:]+$/, "");
      if (PATH.test(path) && !path.includes("NAME") && !await exists(new URL(path, root))) {
        refuse(`${path} does not exist`);
      }
    }
  }
  return problems;
}

async function linkProblem(root: URL, page: string, target: string): Promise<string | undefined> {
  if (/^[a-z]+:/.test(target)) return undefined;
  const [path, anchor] = target.split("#");
  const place = path === "" ? page : normalize(join(dirname(page), path));
  const isInside = !relative(".", place).startsWith("..");
  if (!isInside || !await exists(new URL(place, root))) return `the link to ${target} leads nowhere`;
  if (anchor === undefined) return undefined;
  const anchors = anchorsOf(await Deno.readTextFile(new URL(place, root)));
  return anchors.has(anchor) ? undefined : `${target}: there is no such heading`;
}

/** The text with the lines of code blocks emptied, so that line numbers stay. */
function withoutBlocks(text: string): string {
  let isCode = false;
  return text.split("\n").map((line) => {
    const isFence = /^\s*```/.test(line);
    if (isFence) isCode = !isCode;
    return isCode || isFence ? "" : line;
  }).join("\n");
}

async function exists(place: URL): Promise<boolean> {
  try {
    await Deno.lstat(fileURLToPath(place));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}

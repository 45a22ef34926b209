import { stripTypeScriptTypes } from "node:module";
import { init, parse } from "es-module-lexer";

/** A package that the page's modules may import by name: one file of JavaScript. */
export interface PagePackage {
  /** Path that its file gets beside the modules. */
  path: string;
  /** Its JavaScript, which may import other packages by name. */
  code: string;
}

/**
 * Reads the modules that a page needs, for the browser: the entry and all that it imports, statically or dynamically, with
 * TypeScript's types stripped. Imports of packages get the path of the package's file.
 *
 * Types become blanks, so lines and columns stay those of the sources.
 *
 * @param root Folder of the project, as a URL with a slash at the end.
 * @param entry Path of the first module below the root.
 * @param packages By specifier, the packages that may be imported by name; none by default.
 * @returns JavaScript by path: a module's below the root, a package's own.
 * @throws Error if a module is absent, lies outside the root, or imports a package that is not named.
 */
export async function readPageModules(
  root: URL,
  entry: string,
  packages: ReadonlyMap<string, PagePackage> = new Map(),
): Promise<Map<string, string>> {
  await init();
  const byPath = new Map([...packages.values()].map(({ path, code }) => [path, code]));
  const modules = new Map<string, string>();
  const waiting = [entry];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (modules.has(path)) continue;
    const code = byPath.get(path) ??
      stripTypeScriptTypes(await Deno.readTextFile(new URL(path, root)));
    const { text, imported } = resolveImports(path, code, root, packages);
    modules.set(path, text);
    waiting.push(...imported);
  }
  return modules;
}

/** Replaces package names by relative paths, and lists the paths of all imports. */
function resolveImports(
  path: string,
  code: string,
  root: URL,
  packages: ReadonlyMap<string, PagePackage>,
): { text: string; imported: string[] } {
  const imported: string[] = [];
  const up = "../".repeat(path.split("/").length - 1) || "./";
  let text = "";
  let from = 0;
  for (const found of parse(code, path)[0]) {
    if (found.type === "import-meta") continue;
    const { specifier, start, end } = found;
    const isOwn = specifier?.startsWith(".") && !("glob" in found && found.glob);
    const target = isOwn ? pathBelow(root, path, specifier!) : packages.get(specifier ?? "")?.path;
    if (target === undefined) {
      throw new Error(
        `Cannot serve the page as ${path} must import what lies in the project or one of ` +
          `${[...packages.keys()].join(", ") || "no package"}: current value is ${specifier ?? "no string"}`,
      );
    }
    imported.push(target);
    if (isOwn) continue;
    // The range of a dynamic import includes its quotes, a static one's does not.
    const place = up + target;
    text += code.slice(from, start) + (found.type === "dynamic" ? JSON.stringify(place) : place);
    from = end;
  }
  return { text: text + code.slice(from), imported };
}

function pathBelow(root: URL, importer: string, specifier: string): string | undefined {
  const { href } = new URL(specifier, new URL(importer, root));
  return href.startsWith(root.href) ? href.slice(root.href.length) : undefined;
}

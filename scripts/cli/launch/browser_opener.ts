/**
 * Opening an address in the browser of whoever sits here.
 *
 * @module
 */

/** Programs that open an address, by operating system; the first one that is there is asked. */
const OPENERS: Readonly<Record<string, readonly string[]>> = {
  linux: ["/usr/bin/xdg-open", "/usr/local/bin/xdg-open"],
  darwin: ["/usr/bin/open"],
  windows: ["C:\\Windows\\explorer.exe"],
};
/** An opener that still runs then has a browser in hand. */
const WAIT_MS = 3000;

/**
 * Path of the program that opens an address in a browser on this machine; undefined where there is none.
 *
 * @param isThere Whether a file is there.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../../src/testing/assert.ts";
 * import { browserOpener } from "./browser_opener.ts";
 *
 * assertEquals(browserOpener(() => false), undefined);
 * ```
 */
export function browserOpener(isThere: (path: string) => boolean): string | undefined {
  return OPENERS[Deno.build.os]?.find(isThere);
}

/**
 * Opens an address in a browser, as far as that is allowed and there is one; it needs the permission to run the opener.
 *
 * @returns Whether something was opened, as far as can be seen.
 */
export async function openInBrowser(url: string): Promise<boolean> {
  const opener = browserOpener(mayRun);
  if (opener === undefined) return false;
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(opener, { args: [url], stdin: "null", stdout: "null", stderr: "null" }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) return false;
    throw error;
  }
  child.unref();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const runs = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(true), WAIT_MS));
  // Explorer ends with 1 where it did open.
  const ended = child.status.then(({ success }) => success || Deno.build.os === "windows");
  const isOpen = await Promise.race([runs, ended]);
  clearTimeout(timer);
  return isOpen;
}

function mayRun(command: string): boolean {
  return Deno.permissions.querySync({ name: "run", command }).state === "granted";
}

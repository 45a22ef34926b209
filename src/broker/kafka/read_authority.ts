/**
 * Reads the PEM file of the authority to trust, or nothing where there is none.
 *
 * @throws Error where the file cannot be read.
 */
export async function readAuthority(caFile: string | undefined): Promise<string[] | undefined> {
  if (caFile === undefined) return undefined;
  try {
    return [await Deno.readTextFile(caFile)];
  } catch (cause) {
    throw new Error(
      `Cannot trust the authority of ca as ${caFile} must be a readable PEM file: current value is "${
        (cause as Error).message
      }"`,
      { cause },
    );
  }
}

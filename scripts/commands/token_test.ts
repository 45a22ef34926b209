/** Makes, lists and removes tokens as a process. */
import { parseTokens } from "../../src/http/access/tokens.ts";
import { assert, assertEquals, assertStringIncludes } from "../../src/testing/assert.ts";
import { runDeno } from "../../src/testing/process.ts";
import { permissionsFor } from "../cli/launch/permissions.ts";

Deno.test("token: --expires and --list tell until when each is valid; the token itself is shown once", async () => {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/tokens.json`;
  const token = (...args: string[]) => {
    const all = ["--file", file, ...args];
    const permissions = permissionsFor("token", all, () => undefined);
    return runDeno("scripts/commands/token.ts", all, { permissions });
  };
  assertEquals((await token("--list")).code, 1, "no file, which is said");
  const made = await token("--name", "ann", "--scopes", "read,label", "--expires", "90d");
  assertEquals(made.code, 0, made.stderr);
  assertEquals((await token("--name", "ben")).code, 0);
  const [ann, ben] = parseTokens(await Deno.readTextFile(file));
  const days = (Date.parse(ann.expires_at!) - Date.now()) / 86_400_000;
  assert(days > 89.9 && days <= 90, ann.expires_at);
  assertEquals(ben.expires_at, undefined);
  const past = { ...ben, name: "eve", sha256: "0".repeat(64), expires_at: "2020-01-01T00:00:00Z" };
  await Deno.writeTextFile(file, JSON.stringify({ tokens: [ann, ben, past] }));
  const { stdout } = await token("--list");
  assertStringIncludes(stdout, `ann  read,label  made ${ann.created_at}  valid until ${ann.expires_at}\n`);
  assertStringIncludes(stdout, "ben  read  made");
  assertStringIncludes(stdout, "valid for good");
  assertStringIncludes(stdout, "until 2020-01-01T00:00:00Z (past: refused)");
  assert(!stdout.includes(made.stdout.trim()) && !stdout.includes(ann.sha256));
  for (const when of ["2020-01-01T00:00:00Z", "soon", "-1d", "0s", "99999999d", "2027-02-30T00:00:00Z"]) {
    assertEquals((await token("--name", "dan", "--expires", when)).code, 2, when);
  }
  assertEquals((await token()).code, 2);
  await Deno.remove(folder, { recursive: true });
});

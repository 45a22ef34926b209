/**
 * `deno task pin`: writes the digest of each image into docker-compose.yml, and the commit of each action into the
 * workflow, as their registries tell them now. Where one cannot be reached it says so, changes nothing, and exits with 3.
 *
 * @module
 */
import { Command } from "commander";
import { runAsProgram } from "../../cli/run_command.ts";

const COMPOSE = "docker-compose.yml";
const WORKFLOW = ".github/workflows/ci.yml";
const IMAGE = /^(\s*(?:image:(?: &\w+)?|FROM) )([\w./-]+):([\w.-]+)(?:@sha256:[0-9a-f]{64})?/gm;
const ACTION = /^(\s*- uses: )([\w-]+\/[\w-]+)@(?:[0-9a-f]{40} # )?(v[\w.]+)/gm;
const MANIFESTS =
  "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json";

/** The command `pin`. */
export const pinCommand: Command = new Command("pin")
  .description("Write digests of images and commits of actions, where their registries can be reached.")
  .action(pin);

/**
 * The text with each image's digest behind its tag; our own image has none.
 *
 * @param digestOf Such as `sha256:…`, of a name and a tag.
 */
export async function pinImages(
  text: string,
  digestOf: (name: string, tag: string) => Promise<string>,
): Promise<string> {
  return await replaceEach(
    text,
    IMAGE,
    async ([whole, start, name, tag]) =>
      name === "edgewood" ? whole : `${start}${name}:${tag}@${await digestOf(name, tag)}`,
  );
}

/** The text with each action's commit, and its tag as a comment. */
export async function pinActions(
  text: string,
  commitOf: (name: string, tag: string) => Promise<string>,
): Promise<string> {
  return await replaceEach(
    text,
    ACTION,
    async ([, start, name, tag]) => `${start}${name}@${await commitOf(name, tag)} # ${tag}`,
  );
}

async function replaceEach(
  text: string,
  pattern: RegExp,
  replace: (found: RegExpExecArray) => Promise<string>,
): Promise<string> {
  let result = "";
  let from = 0;
  for (const found of text.matchAll(pattern)) {
    result += text.slice(from, found.index) + await replace(found);
    from = found.index + found[0].length;
  }
  return result + text.slice(from);
}

async function pin(): Promise<void> {
  try {
    const compose = await pinImages(await Deno.readTextFile(COMPOSE), digestOf);
    const workflow = await pinActions(await Deno.readTextFile(WORKFLOW), commitOf);
    await Deno.writeTextFile(COMPOSE, compose);
    await Deno.writeTextFile(WORKFLOW, workflow);
    console.log(`written    ${COMPOSE} and ${WORKFLOW}`);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`note: nothing is pinned, as a registry cannot be reached: ${error.message}`);
    Deno.exit(3);
  }
}

async function digestOf(name: string, tag: string): Promise<string> {
  const path = name.includes("/") ? name : `library/${name}`;
  const scope = `repository:${path}:pull`;
  const login = await ask(`https://auth.docker.io/token?service=registry.docker.io&scope=${scope}`);
  const { token } = await login.json();
  const manifest = await ask(`https://registry-1.docker.io/v2/${path}/manifests/${tag}`, {
    headers: { accept: MANIFESTS, authorization: `Bearer ${token}` },
  });
  await manifest.body?.cancel();
  const digest = manifest.headers.get("docker-content-digest") ?? "";
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) {
    throw new Error(`${name}:${tag} must have a digest: it is ${digest}`);
  }
  return digest;
}

async function commitOf(name: string, tag: string): Promise<string> {
  const answer = await ask(`https://api.github.com/repos/${name}/commits/${tag}`, {
    headers: { accept: "application/vnd.github.sha" },
  });
  const commit = (await answer.text()).trim();
  if (!/^[0-9a-f]{40}$/.test(commit)) throw new Error(`${name}@${tag} must have a commit: it is ${commit}`);
  return commit;
}

/** Throws TypeError where the host cannot be reached or refuses, Error for another answer than 200. */
async function ask(url: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  const { host } = new URL(url);
  if (response.status === 403 || response.status >= 500) {
    throw new TypeError(`${host} answered ${response.status}`);
  }
  if (!response.ok) throw new Error(`${url} must answer 200: it answered ${response.status}`);
  return response;
}

if (import.meta.main) await runAsProgram(pinCommand);

import { installPeer, type PeerName } from "./install_peer.ts";

/** A library in its own Python process. */
export interface Peer extends AsyncDisposable {
  readonly name: string;
  /** Asks for one thing; throws the library's error if it fails. */
  ask(request: Record<string, unknown>): Promise<Record<string, number>>;
}

const SCRIPT = new URL("./forest_peer.py", import.meta.url).pathname;

/**
 * Starts a library of isolation forests, installing it if needed.
 *
 * @returns The peer, or why there is none on this machine.
 */
export async function openPeer(name: Exclude<PeerName, "spark">): Promise<Peer | { missing: string }> {
  let folder: string;
  try {
    folder = await installPeer(name);
  } catch (error) {
    if ((error as Error).name !== "UnavailableError") throw error;
    return { missing: (error as Error).message };
  }
  const child = new Deno.Command("python3", {
    args: [SCRIPT, name],
    env: { PYTHONPATH: folder },
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const answers = lines(child.stdout);
  const requests = child.stdin.getWriter();
  const next = async (): Promise<Record<string, unknown>> => {
    const { value, done } = await answers.next();
    if (done) throw new Error(`Cannot measure ${name} as its process must answer: it has ended`);
    return JSON.parse(value);
  };
  const { version } = await next();
  return {
    name: `${name} ${version}`,
    async ask(request) {
      await requests.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`));
      const answer = await next();
      if (answer.error !== undefined) throw new Error(`Cannot measure ${name}: ${answer.error}`);
      return answer as Record<string, number>;
    },
    async [Symbol.asyncDispose]() {
      await requests.close();
      await child.status;
    },
  };
}

async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  let text = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    text += part;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      yield text.slice(0, end);
      text = text.slice(end + 1);
    }
  }
}

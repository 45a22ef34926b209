/** An event emitter, as far as it is used here. */
export interface Emitter {
  on(event: string, listener: (payload: unknown) => void): unknown;
}

/**
 * Listens to the `error` events of a client and of all its connections, so that none ends the process.
 *
 * Each of these errors reaches the call that it concerns, too.
 */
export function withListeners<T extends Emitter & { readonly connections: Emitter }>(client: T): T {
  const heard = () => {};
  client.on("error", heard);
  client.connections.on("connecting", (started) => {
    (started as { connection: Emitter }).connection.on("error", heard);
  });
  return client;
}

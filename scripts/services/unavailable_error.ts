/** A server cannot be installed on this machine; the message is one line that says which and why. */
export class UnavailableError extends Error {
  override readonly name = "UnavailableError";
}

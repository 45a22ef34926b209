/**
 * The port to whoever listens: one alert at a time, at least once.
 *
 * @module
 */

/** A message about one flagged transaction. */
export interface Alert {
  /** Stable over every repeat: `<topic>/<partition>/<offset>`. */
  id: string;
  /** The verdict in its wire form, one line of JSON. */
  verdict: string;
}

/** A listener. */
export interface AlertSink extends AsyncDisposable {
  /**
   * Delivers the alerts in order.
   *
   * Resolves when every one is delivered. Throws `DeliveryError`: the caller repeats the whole call where it is
   * retriable, so a listener may see an alert again, with the same id.
   */
  send(alerts: readonly Alert[]): Promise<void>;
}

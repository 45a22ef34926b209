/**
 * The port to whoever listens: one alert at a time, at least once.
 *
 * @module
 */

/** A message about one flagged transaction, or about several at once. */
export interface Alert {
  /** Stable over every repeat: `<topic>/<partition>/<offset>`, or `…/<first offset>-<last offset>` for several. */
  id: string;
  /** The verdict in its wire form, one line of JSON; of several, that with the highest score. */
  verdict: string;
  /** What is told of several transactions; absent where the alert is about one. */
  group?: AlertGroup;
}

/** Several flagged transactions in one alert. */
export interface AlertGroup {
  /** All of one customer, or whoever's did not get an alert of their own. */
  kind: "customer" | "rest";
  /** Number of transactions, at least 2. */
  count: number;
  /** Number of customers, at least 1; where there are very many, at least this number. */
  customers: number;
  /** Sums by currency (ISO 4217, or null where the records gave none), in major units. */
  amounts: { currency: string | null; amount: number }[];
  /** Event time of the earliest transaction, RFC 3339 in UTC. */
  from: string;
  /** Event time of the latest transaction, RFC 3339 in UTC. */
  to: string;
}

/** A listener. */
export interface AlertSink extends AsyncDisposable {
  /**
   * Delivers the alerts in order.
   *
   * Resolves when every one is delivered. Throws `DeliveryError`: the caller repeats the whole call where it is
   * retriable, so a listener may see an alert again, with the same id.
   *
   * @param signal Breaks off what takes long; the alerts count as not delivered then.
   */
  send(alerts: readonly Alert[], signal?: AbortSignal): Promise<void>;
}

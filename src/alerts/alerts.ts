/**
 * The port to alert channels: one alert at a time, at least once.
 *
 * @module
 */
import type { Broker } from "../broker/broker.ts";

/** One way to send alerts: what is known of it before its adapter is loaded. */
export interface AlertChannel {
  /** Its word in `--alerts`, and the beginning of the name under which the ledger keeps its position. */
  readonly name: string;
  /** What `--help` says of it besides its name. */
  readonly help?: string;
  /** Whether people read it: alerts are then grouped, bounded and given up in time. */
  readonly isForPeople: boolean;
  /** The addresses that it sends to, one listener each; absent where there is one listener without an address. */
  readonly addresses?: {
    /** The option that gives one, such as `--webhook <url>`. */
    readonly flag: string;
    readonly description: string;
    /** Name of the environment with addresses, separated by commas or white space. */
    readonly environment: string;
    /** Throws RangeError for an address that cannot be used; the message holds no secret. */
    check(address: string): void;
    /** `HOST:PORT` of an address that `check` takes. */
    hostOf(address: string): string;
  };
  /** Name of the environment with its secrets, the newest first: others on the machine can read a command line. */
  readonly secrets?: string;
  /** Opens a listener; throws RangeError where it lacks what it needs. */
  open(settings: ChannelSettings): Promise<AlertSink>;
}

/** What a channel is opened with. */
export interface ChannelSettings {
  /** One of its addresses; empty where it has none. */
  address: string;
  /** Values of its secrets, the newest first. */
  secrets: readonly string[];
  /** Address of the page, for links. */
  publicUrl?: string;
  /** The stream; whoever opened it closes it. */
  broker: Broker;
}

/** A message about one flagged transaction, or about several at once. */
export interface Alert {
  /** Stable over every repeat: `<topic>/<partition>/<offset>`, or `…/<first offset>-<last offset>` for several. */
  id: string;
  /** The verdict in its wire form, one line of JSON; of several, that with the highest score. */
  verdict: string;
  /** Sums over several transactions; absent where the alert is about one. */
  group?: AlertGroup;
}

/** Several flagged transactions in one alert. */
export interface AlertGroup {
  /** All of one customer, or whoever's did not get an alert of their own. */
  kind: "customer" | "rest";
  /** Number of transactions, at least 2. */
  count: number;
  customers: number;
  /** There are more customers than were counted. */
  customers_at_least?: true;
  /** Sums by currency (ISO 4217, or null where the records gave none), in major units. */
  amounts: { currency: string | null; amount: number }[];
  /** There are currencies without a sum. */
  more_currencies?: true;
  /** Event time of the earliest transaction, RFC 3339 in UTC. */
  from: string;
  /** That of the latest. */
  to: string;
}

/** A listener. */
export interface AlertSink extends AsyncDisposable {
  /** Tells it from the channel's other listeners, without secrets; absent where the channel has one. */
  readonly name?: string;
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

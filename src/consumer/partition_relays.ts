import type { Place } from "../domain/place.ts";
import type { Outcome } from "../ledger/ledger.ts";
import { type AlertHooks, alertStep } from "../relay/alerts.ts";
import { deadLetterStep } from "../relay/dead_letters.ts";
import { objectStep } from "../relay/objects.ts";
import type { MovedObject } from "../relay/own_objects.ts";
import { Relay, type RelayStep } from "../relay/relay.ts";
import type { Telemetry } from "../runtime/telemetry.ts";
import { labelRecordStep } from "./label_record.ts";
import type { Member } from "./member.ts";

/** Longest wait between two attempts at a listener that may be down for hours. */
const MOST_ALERT_DELAY_MS = 60_000;

/** The relays of one owned partition: dead letters, objects, and alerts to each listener. */
export class PartitionRelays {
  readonly #deadLetters: Relay;
  readonly #flagged: readonly Relay[];
  /** Labels of the stream into the ledger: the owner of the first partition does it for all. */
  readonly #labels: readonly Relay[];

  /**
   * Starts all of them; each begins with what an earlier owner left.
   *
   * @param onFailure Called with an error that ends a relay.
   */
  constructor(member: Member, place: Place, onFailure: (error: unknown) => void) {
    const { broker, ledger, store, listeners, settings, telemetry, labels, judge: { decoder } } = member;
    const { labelTopic } = settings;
    const start = (what: string, step: RelayStep, maxDelayMs?: number) =>
      new Relay(step, { retry: { ...member.retry(what), maxDelayMs }, onFailure });
    this.#deadLetters = start(`dead letters to ${broker.name}`, deadLetterStep(broker, ledger, place));
    this.#flagged = [
      start(
        `objects to ${store.name}`,
        objectStep(
          { ...member, format: settings.format, onSetAside: setAsideReport(telemetry) },
          place,
          settings,
        ),
      ),
      ...listeners.map((listener) =>
        start(
          `alerts to ${listener.name}`,
          alertStep(listener, ledger, place, alertHooks(telemetry, listener.name)),
          listener.grouping && MOST_ALERT_DELAY_MS,
        )
      ),
    ];
    const onLost = (partition: number, count: number) =>
      telemetry.log(
        "warn",
        `${labelTopic}/${partition}: the stream deleted ${count} offsets before their labels were recorded: people do not see them`,
      );
    this.#labels = place.partition > 0 ? [] : [
      start(
        `labels of ${broker.name}`,
        labelRecordStep({ broker, ledger, labels, decoder, labelTopic, onLost }),
      ),
    ];
  }

  /** Wakes the relays that have something to carry of what was committed; the others leave the ledger alone. */
  kick({ deadLetters, flagged }: Pick<Outcome, "deadLetters" | "flagged">): void {
    if (deadLetters.length > 0) this.#deadLetters.kick();
    if (flagged.length > 0) this.#flagged.forEach((relay) => relay.kick());
  }

  /** Delivers all that is committed, due or not, and goes on. */
  flush(): void {
    for (const relay of this.#all()) relay.flush();
  }

  /** Delivers all that is committed, and ends. */
  async finish(): Promise<void> {
    await Promise.all(this.#all().map((relay) => relay.finish()));
  }

  /** Ends after the current steps. */
  async stop(): Promise<void> {
    await Promise.all(this.#all().map((relay) => relay.stop()));
  }

  #all(): Relay[] {
    return [this.#deadLetters, ...this.#flagged, ...this.#labels];
  }
}

function setAsideReport(telemetry: Telemetry): (moved: readonly MovedObject[]) => void {
  telemetry.count("objects_set_aside", 0);
  let isSaid = false;
  return (moved) => {
    telemetry.count("objects_set_aside", moved.length);
    telemetry.log(
      isSaid ? "debug" : "warn",
      `objects that the ledger does not know (any more) are set aside, their rows stored anew: ${moved.length} so far, ` +
        `among them ${moved[0].key}, which is now ${moved[0].now}`,
    );
    isSaid ||= moved.length > 1;
  };
}

function alertHooks(telemetry: Telemetry, listener: string): AlertHooks {
  // Only a counter that exists from the start can be seen to rise.
  for (const name of ["alerts_delivered", "alerts_given_up"]) telemetry.count(`${name} ${listener}`, 0);
  return {
    onDelivered: () => telemetry.count(`alerts_delivered ${listener}`),
    onGivenUp(alert, { message }) {
      telemetry.count(`alerts_given_up ${listener}`);
      telemetry.log(
        "error",
        `alerts to ${listener}: gave up ${alert.id}, which the ledger holds: ${message}`,
      );
    },
  };
}

import { DeliveryError } from "../../runtime/delivery_error.ts";
import { FencedError, type FlaggedTransaction, type Ledger } from "../../ledger/ledger.ts";

/** The part of a ledger that the step uses; what it holds outlives a step. */
export class TestingLedger {
  readonly flagged: FlaggedTransaction[] = [];
  /** Epoch of the claim that holds. */
  readonly epoch = 1;
  /** The state that was recorded last, and the position. */
  recorded: { state: string; offset: number } | undefined;
  /** Fails the next of its writes: before it is written, or after. */
  failing: "before" | "after" | undefined;

  /** Flags a transaction of a customer. */
  flag(customerId: string, changes: Partial<FlaggedTransaction> = {}): void {
    const offset = (this.flagged.at(-1)?.offset ?? 0) + 3;
    this.flagged.push({
      offset,
      transactionId: `t${offset}`,
      customerId,
      terminalId: "m1",
      amountMinor: 1050,
      currency: "EUR",
      timestampMs: Date.UTC(2026, 0, 1) + offset * 1000,
      anomalyScore: 0.7,
      verdict: `{"transaction_id":"t${offset}"}`,
      ...changes,
    });
  }

  /** As a step sees it. */
  get port(): Ledger {
    const part: Pick<Ledger, "flaggedAfter" | "position" | "alertStates"> = {
      flaggedAfter: (_topic, _partition, after, limit) =>
        Promise.resolve(this.flagged.filter(({ offset }) => offset > after).slice(0, limit)),
      position: () => Promise.resolve(this.recorded?.offset ?? -1),
      alertStates: {
        read: () => Promise.resolve(this.recorded?.state),
        record: (_key, epoch, recorded) => {
          if (epoch !== this.epoch) return Promise.reject(new FencedError("another epoch"));
          const failing = this.failing;
          this.failing = undefined;
          if (failing !== "before") this.recorded = recorded;
          return failing === undefined
            ? Promise.resolve()
            : Promise.reject(new DeliveryError("Cannot write: the ledger is away", { retriable: true }));
        },
      },
    };
    return part as Ledger;
  }
}

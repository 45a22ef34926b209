import { DeliveryError } from "../runtime/delivery_error.ts";

/** Something waits for a person while the relay goes on with the rest; trying again before it ends is of no use. */
export class StuckError extends DeliveryError {
  override readonly name = "StuckError";

  /** @param reasons Why each thing is stuck, one or more. */
  constructor(reasons: readonly string[]) {
    const more = reasons.length - 1;
    super(more === 0 ? reasons[0] : `${reasons[0]}; and ${more} more such`, { retriable: true });
  }
}

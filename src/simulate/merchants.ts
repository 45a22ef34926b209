import type { Channel } from "../domain/transaction.ts";

/** Values and how often each occurs. */
type Weighted<T> = readonly (readonly [T, number])[];

/** One kind of merchant as its transactions show it. */
export interface Merchant {
  readonly channel: Channel;
  /** Merchant category code (MCC), four digits. */
  readonly merchantCategory: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  /** ISO 4217. */
  readonly currency: string;
}

const CHANNELS: Weighted<Channel> = [["pos", 72], ["online", 20], ["atm", 8]];

/** Merchant category codes of ISO 18245 by channel. */
const CATEGORIES: Readonly<Record<Channel, Weighted<string>>> = {
  // Groceries, restaurants, fast food, fuel, chemists, department stores, clothing, hardware, taxis, hotels.
  pos: [
    ["5411", 28],
    ["5812", 14],
    ["5814", 12],
    ["5541", 12],
    ["5912", 8],
    ["5311", 7],
    ["5651", 7],
    ["5251", 5],
    ["4121", 4],
    ["7011", 3],
  ],
  // Digital goods, games, software, mail order, electronics, subscriptions, books, airlines, charity.
  online: [
    ["5815", 18],
    ["5816", 12],
    ["5817", 8],
    ["5964", 18],
    ["5732", 12],
    ["5968", 12],
    ["5942", 10],
    ["4511", 5],
    ["8398", 5],
  ],
  atm: [["6011", 1]],
};

/** Where online merchants are registered. */
const ONLINE_COUNTRIES: Weighted<string> = [
  ["BE", 40],
  ["NL", 18],
  ["FR", 12],
  ["DE", 12],
  ["IE", 8],
  ["LU", 4],
  ["GB", 3],
  ["US", 3],
];

/**
 * The merchant of a terminal.
 *
 * @param draws Three uniforms in [0, 1).
 * @param place On the grid, both coordinates in [0, 100).
 */
export function drawMerchant(
  draws: readonly [number, number, number],
  place: { x: number; y: number },
  channel: Channel = pick(CHANNELS, draws[0]),
): Merchant {
  const country = channel === "online" ? pick(ONLINE_COUNTRIES, draws[2]) : countryAt(place);
  const currency = country === "US" ? "USD" : country === "GB" ? "GBP" : "EUR";
  return { channel, merchantCategory: pick(CATEGORIES[channel], draws[1]), country, currency };
}

/** The grid lies where four countries of one currency meet; most of it is the customers' own. */
function countryAt({ x, y }: { x: number; y: number }): string {
  if (y >= 75) return "NL";
  if (x >= 85) return y < 30 ? "LU" : "DE";
  return y < 15 ? "FR" : "BE";
}

function pick<T>(table: Weighted<T>, uniform: number): T {
  let left = uniform * table.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [value, weight] of table) {
    left -= weight;
    if (left < 0) return value;
  }
  return table[table.length - 1][0];
}

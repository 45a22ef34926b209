import {
  INSERTED,
  ODD_CODES,
  ODD_NUMBERS,
  ODD_TEXTS,
  ODD_TIMES,
  SPACES,
  UNKNOWN_NAMES,
  UNKNOWN_VALUES,
} from "./wasm_value_cases.ts";

/** What the records should be. */
export type RecordKind = "transaction" | "label";

/** Integers below a bound, one after another. */
export type Draw = (bound: number) => number;

const encoder = new TextEncoder();

/** Integers of a seed: Marsaglia's xorshift of 32 bits (2003). */
export function integers(seed: number): Draw {
  let state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

/** A record of drawn fields, of which one in two is mutated further as text or as bytes. */
export function mutatedRecord(draw: Draw, kind: RecordKind): Uint8Array {
  const odd = draw(3); // 0 or 1: ordinary fields; otherwise some of them are unusual
  let fields = FIELDS[kind].filter(([, isRequired]) => isRequired || draw(3) > 0)
    .map(([name]): [string, string] => [`"${name}"`, VALUES[name](draw, odd === 2 && draw(8) === 0)]);
  for (let extra = draw(6) === 0 ? 1 + draw(draw(8) === 0 ? 20 : 3) : 0; extra > 0; extra--) {
    fields.push([pick(draw, UNKNOWN_NAMES), pick(draw, UNKNOWN_VALUES)]);
  }
  const change = draw(24);
  if (change === 0) fields.push(fields[draw(fields.length)]);
  if (change === 1) fields.splice(draw(fields.length), 1);
  if (change < 8) {
    fields = fields.map((field) => [draw(1 << 30), field] as const).sort(([a], [b]) => a - b).map(([, f]) =>
      f
    );
  }
  const space = draw(5) === 0 ? () => pick(draw, SPACES) : () => "";
  const json = fields.map(([name, value]) => `${space()}${name}${space()}:${space()}${value}${space()}`).join(
    ",",
  );
  return mutateBytes(draw, encoder.encode(`${space()}{${json}}${space()}`));
}

function mutateBytes(draw: Draw, bytes: Uint8Array): Uint8Array {
  switch (draw(12)) {
    case 0:
      bytes[draw(bytes.length)] ^= 1 << draw(8);
      return bytes;
    case 1:
      return bytes.slice(0, draw(bytes.length + 1));
    case 2:
      bytes[draw(bytes.length)] = draw(256);
      return bytes;
    case 3: {
      const inserted = pick(draw, INSERTED);
      const at = draw(bytes.length + 1);
      return Uint8Array.of(...bytes.subarray(0, at), ...inserted, ...bytes.subarray(at));
    }
    case 4: {
      const at = draw(bytes.length);
      return Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(at + 1 + draw(4)));
    }
    default:
      return bytes;
  }
}

const pick = <T>(draw: Draw, choices: readonly T[]): T => choices[draw(choices.length)];
const digitsOf = (draw: Draw, length: number) => Array.from({ length }, () => draw(10)).join("");
const padded = (value: number) => String(value).padStart(2, "0");

/** Fields of each kind, and whether it must have them. */
const FIELDS: Record<RecordKind, readonly (readonly [name: string, isRequired: boolean])[]> = {
  transaction: [
    ["transaction_id", true],
    ["customer_id", true],
    ["terminal_id", true],
    ["amount", true],
    ["currency", false],
    ["merchant_category", false],
    ["country", false],
    ["channel", false],
    ["timestamp", true],
  ],
  label: [
    ["transaction_id", true],
    ["customer_id", true],
    ["terminal_id", true],
    ["timestamp", true],
    ["is_fraud", true],
    ["labelled_at", true],
    ["z", false],
  ],
};

/** JSON of a field's value, ordinary or odd. */
const VALUES: Record<string, (draw: Draw, odd: boolean) => string> = {
  transaction_id: drawId,
  customer_id: drawId,
  terminal_id: drawId,
  amount: (draw, odd) =>
    odd
      ? pick(draw, ODD_NUMBERS)
      : draw(4) > 0
      ? `${1 + draw(99999)}.${digitsOf(draw, 1 + draw(2))}`
      : `${draw(2) ? "0" : String(1 + draw(1e9))}.${digitsOf(draw, 1 + draw(17))}`,
  currency: (draw, odd) =>
    odd ? pick(draw, ODD_CODES) : pick(draw, ['"EUR"', '"JPY"', '"CLF"', "null", '"KWD"']),
  merchant_category: (draw, odd) =>
    odd ? pick(draw, ODD_CODES) : draw(2) ? `"${digitsOf(draw, 4)}"` : `${draw(10_200)}`,
  country: (draw, odd) => odd ? pick(draw, ODD_CODES) : pick(draw, ['"NL"', '"DE"', "null"]),
  channel: (draw, odd) => odd ? pick(draw, ODD_CODES) : pick(draw, ['"pos"', '"online"', '"atm"', "null"]),
  timestamp: drawTimestamp,
  is_fraud: (draw, odd) => pick(draw, odd ? [...ODD_NUMBERS, ...ODD_TEXTS] : ["true", "false", "1", "0"]),
  labelled_at: drawTimestamp,
  z: (draw, odd) =>
    odd
      ? pick(draw, [...ODD_NUMBERS, ...ODD_TEXTS])
      : `${draw(2) ? "-" : ""}${draw(40)}.${digitsOf(draw, 1 + draw(17))}`,
};

function drawId(draw: Draw, odd: boolean): string {
  if (odd) return pick(draw, [...ODD_NUMBERS, ...ODD_TEXTS]);
  if (draw(6) === 0) return String(draw(2) ? draw(1000) : draw(2 ** 31) * 1000 + draw(1000));
  return `"${"c-".slice(draw(3))}${digitsOf(draw, 1 + draw(40))}"`;
}

function drawTimestamp(draw: Draw, odd: boolean): string {
  if (odd) return pick(draw, [...ODD_TIMES, ...ODD_NUMBERS, ...ODD_TEXTS]);
  if (draw(5) === 0) return String(1_500_000_000_000 + draw(2 ** 31) * 100);
  const year = draw(9) ? 1974 + draw(80) : draw(10_000);
  const fraction = draw(3) ? "" : `.${digitsOf(draw, 1 + draw(draw(4) ? 6 : 50))}`;
  const zone = pick(draw, [
    "Z",
    "Z",
    "Z",
    "Z",
    "Z",
    "Z",
    "Z",
    "+05:30",
    "z",
    "+00:00",
    "-00:00",
    `${draw(2) ? "+" : "-"}${padded(draw(26))}:${padded(draw(62))}`,
  ]);
  return `"${String(year).padStart(4, "0")}-${padded(draw(draw(20) ? 12 : 14) + 1)}-${
    padded(draw(9) ? 1 + draw(28) : draw(32))
  }${draw(9) ? "T" : "t"}` +
    `${padded(draw(draw(20) ? 24 : 30))}:${padded(draw(60))}:${
      padded(draw(draw(20) ? 60 : 70))
    }${fraction}${zone}"`;
}

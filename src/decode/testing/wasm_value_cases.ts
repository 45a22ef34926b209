/**
 * Values from which the records that compare two decoders are drawn.
 *
 * @module
 */

/** JSON of numbers at the edge of what decoders read alike, and what is none. */
// deno-fmt-ignore
export const ODD_NUMBERS: readonly string[] = [
  "-0", "0", "-1", "00", "012", "1e3", "1E-2", "1.5e+2", "1e400", "0.1", "0.10", "1.", ".5", "+1", "1.0",
  "100.0", "12345678901234567", "9007199254740991", "9007199254740992", "9007199254740993",
  "0.30000000000000004", "1e-400", "123456789012.345", "999999999999999", "99999999999999.9",
  "9999999999.99999", "9999999999.99", "10000000000", "90071992547409.91", "0.000000000000001",
  "0.0000000000000001", "0.00000000000000", "5e-324", "179769313486231570000", "1.7976931348623157e308",
  "1234567890123456789012345678901234567890", "1522540831000.0", "1522540831000.5", "99999999999",
  "100000000000", "253402300799999", "253402300800000", "NaN", "Infinity", "0x10", "1_0", "true", "false",
  "null", "[]", "{}",
];

/** JSON of texts with escapes, other scripts, control characters, lengths at a limit, and what is none. */
// deno-fmt-ignore
export const ODD_TEXTS: readonly string[] = [
  '""', '"a"', '" "', '"ß"', '"日本語"', '"😀"', '"\\u0041"', '"\\ud800"', '"\\ud83d\\ude00"', '"\\n"',
  '"\\x"', '"\\u00g0"', '"a\\"b"', '"\\\\"', '"a\u007f"', '"a\u0001"', '"\u0080"', '"a\u0000b"',
  `"${"x".repeat(127)}"`, `"${"x".repeat(128)}"`, `"${"x".repeat(129)}"`, `"${"x".repeat(300)}"`,
  `"${"ß".repeat(64)}"`, `"${"ß".repeat(64)}x"`, `"${"x".repeat(15)}\u007f"`, `"${"x".repeat(16)}\u007f"`,
  '"abc', "'a'", '"12.5"', '"\ufeff"', '"\ufffd"', '"\u2028"', '"\t"',
];

/** Codes that are mostly none. */
// deno-fmt-ignore
export const ODD_CODES: readonly string[] = [
  '"eur"', '"EURO"', '"EU"', '"E\\u0055R"', '""', '"123"', '"12345"', '"12a4"', "742", "0", "07", "12345",
  "-1", "-0", "1.0", "1e2", "999", "9999", '"mail"', '"POS"', '"pos "', '"N1"', '"NLD"', "[]", "{}",
  "true", '"ÄB"', '"\\u0070os"', "nul", "nulll", '"XXX"',
];

/** Times at the edge of their range, calendar and grammar. */
// deno-fmt-ignore
export const ODD_TIMES: readonly string[] = [
  '"2026-02-29T00:00:00Z"', '"2024-02-29T23:59:59.999Z"', '"2000-02-29T00:00:00Z"',
  '"1900-02-29T00:00:00Z"', '"2100-02-29T00:00:00Z"', '"2026-01-01 00:00:00Z"', '"2026-01-01T00:00:00"',
  '"2026-01-01T00:00:00.Z"', '"2026-01-01T24:00:00Z"', '"2026-01-01T23:59:60Z"', '"1973-03-03T09:46:40Z"',
  '"1973-03-03T09:46:39.999Z"', '"9999-12-31T23:59:59.999Z"', '"9999-12-31T23:59:59Z"',
  '"9999-12-31T23:59:59-00:01"', '"0000-01-01T00:00:00Z"', '"0099-01-01T00:00:00Z"', '"2026-01-01T00:00Z"',
  '"2026-1-01T00:00:00Z"', '"2026-01-01T00:00:00+0100"', '"2026-01-01T00:00:00+24:00"',
  '"2026-01-01T00:00:00+23:59"', '"2026-01-01T00:00:00\\u005a"',
  `"2026-01-01T00:00:00.${"1".repeat(43)}Z"`, `"2026-01-01T00:00:00.${"1".repeat(44)}Z"`,
  `"2026-01-01T00:00:00.${"1".repeat(38)}+01:00"`, `"2026-01-01T00:00:00.${"1".repeat(39)}+01:00"`,
  '"2016-12-31T23:59:60Z"', '"2016-12-31T23:59:60.5Z"', '"1990-12-31T15:59:60-08:00"',
  '"2016-12-31T23:59:61Z"', '"2016-12-30T23:59:60Z"', '"9999-12-31T23:59:60Z"',
  '"+2026-01-01T00:00:00Z"', '"2026-01-01T00:00:00ZZ"',
];

/** Names of fields that no transaction has, some of them nearly. */
// deno-fmt-ignore
export const UNKNOWN_NAMES: readonly string[] = [
  '"x"', '"y"', '"z"', '"is_fraud"', '"labelled_at"', '"currency"', '"note"', '"amoun"', '"amounts"', '"transaction_id2"', '"merchant_categor"',
  '"merchant_category_"', '"Amount"', '""', '"ß"', '"\\u0061mount"', '"\\n"', '"__proto__"',
  '"constructor"', '"a:b"', '"a b c d e f g h i j k l m n o p q r s t u v w x y z"', "x", '"f1"', '"f2"',
  '"f3"', '"f4"', '"f5"', '"f6"', '"f7"', '"f8"', '"f9"', '"f10"', '"f11"', '"f12"', '"f13"', '"f14"',
];

/** Values of unknown fields, nested ones too. */
// deno-fmt-ignore
export const UNKNOWN_VALUES: readonly string[] = [
  ...ODD_NUMBERS, ...ODD_TEXTS, '{"a":1}', '{"a":1,"a":2}', '[1,[2,{"b":null}]]', '{"a":{"amount":1}}',
  '"{\\"a\\":1}"', "tru", "truee", "fals", "-", "1e", "1e+", "-01", "1.e1", "-1.5E+10", '"a:b,c}"',
  '"\\/\\b\\f\\r\\t"', '"\\uD83D"', '"\\u12"', `[${"[".repeat(63)}${"]".repeat(63)}]`,
];

/** White space, and what JSON does not take for it. */
// deno-fmt-ignore
export const SPACES: readonly string[] = [
  "", " ", "\n", "\t", "\r\n", "  ", "                    ", "\u000b", "\u00a0",
];

/** Bytes to put anywhere: UTF-8 well-formed and not, and what JSON is made of. */
// deno-fmt-ignore
export const INSERTED: readonly (readonly number[])[] = [
  [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe0, 0x80, 0x80], [0xf0, 0x80, 0x80, 0x80],
  [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xc3, 0x9f], [0xe2, 0x82, 0xac],
  [0xf0, 0x9f, 0x98, 0x80], [0xef, 0xbb, 0xbf], [0xe2, 0x82], [0x80], [0], [0x22], [0x5c], [0x5c, 0x6e],
  [0x2c], [0x3a], [0x7d], [0x7b], [0x5b], [0x20], [0x0c], [0x30], [0x39], [0x2e], [0x65], [0x2d], [0x7f],
];

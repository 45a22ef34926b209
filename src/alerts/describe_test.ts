import { assertEquals, assertStringIncludes } from "../testing/assert.ts";
import { describeGroup } from "./describe.ts";
import { alertMessage } from "./message.ts";
import { alertOf, groupOf } from "./testing/contract.ts";

const messageOf = (fields: string) => {
  const { verdict, ...alert } = alertOf(7);
  return alertMessage({ ...alert, verdict: verdict.replace('"amount":12.5,"currency":"EUR"', fields) });
};

Deno.test("alertMessage() tells amounts with the digits of their currency", () => {
  const amounts: readonly [fields: string, told: string][] = [
    ['"amount":1500,"currency":"JPY"', "1500 JPY by"],
    ['"amount":12.345,"currency":"KWD"', "12.345 KWD by"],
    ['"amount":1.2345,"currency":"CLF"', "1.2345 CLF by"],
    ['"amount":8.575,"currency":"EUR"', "8.58 EUR by"],
    ['"amount":12.50', "12.50 by"],
    ['"amount":45000000000000,"currency":"IDR"', "45000000000000.00 IDR by"],
  ];
  for (const [fields, told] of amounts) assertStringIncludes(messageOf(fields).text, `UTC  ${told}`);
});

Deno.test("alertMessage() passes on the digits of unknown fields", () => {
  const fields = '"amount":12.50,"auth_id":1700000000123456797,"n":{"big":1e400,"neg":-0}';
  assertStringIncludes(JSON.stringify(messageOf(fields)), `,${fields},`);
});

Deno.test("describeGroup() tells sums with the digits of their currencies", () => {
  const amounts = [{ currency: "JPY", amount: 3000 }, { currency: "KWD", amount: 0.3 }, {
    currency: null,
    amount: 1,
  }];
  assertStringIncludes(
    describeGroup({ ...groupOf(3), amounts }, JSON.parse(alertOf(7).verdict)),
    "3000 JPY and 0.300 KWD and 1.00;",
  );
  assertEquals(describeGroup(groupOf(2), JSON.parse(alertOf(7).verdict)).includes("25.00 EUR"), true);
});

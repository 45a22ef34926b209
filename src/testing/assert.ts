/**
 * The assertions every test of the project imports.
 *
 * The functions are those of `@std/assert` where JSR can be reached. Some networks cannot reach JSR, and there
 * the same names are served over `node:assert`, which is said once on standard error.
 *
 * @module
 */
import nodeAssert from "node:assert";

/** A class by its instances, abstract or not. */
// deno-lint-ignore no-explicit-any
export type Constructor<T> = abstract new (...args: any[]) => T;

/** The part of `@std/assert` that the project's tests use. */
export interface Assertions {
  assert(value: unknown, message?: string): asserts value;
  assertEquals<T>(actual: T, expected: T, message?: string): void;
  assertNotEquals<T>(actual: T, expected: T, message?: string): void;
  assertStrictEquals<T>(actual: unknown, expected: T, message?: string): asserts actual is T;
  assertExists<T>(actual: T, message?: string): asserts actual is NonNullable<T>;
  assertAlmostEquals(actual: number, expected: number, tolerance?: number, message?: string): void;
  assertStringIncludes(actual: string, expected: string, message?: string): void;
  assertMatch(actual: string, expected: RegExp, message?: string): void;
  assertInstanceOf<T>(actual: unknown, expected: Constructor<T>, message?: string): asserts actual is T;
  assertThrows<E extends Error = Error>(
    fn: () => unknown,
    errorClass?: Constructor<E>,
    messageIncludes?: string,
    message?: string,
  ): E;
  assertRejects<E extends Error = Error>(
    fn: () => PromiseLike<unknown>,
    errorClass?: Constructor<E>,
    messageIncludes?: string,
    message?: string,
  ): Promise<E>;
  fail(message?: string): never;
}

function overNodeAssert(): Assertions {
  const checkError = <E extends Error>(error: unknown, errorClass?: Constructor<E>, includes?: string): E => {
    nodeAssert.ok(
      error instanceof (errorClass ?? Error),
      `Expected ${errorClass?.name ?? "Error"}: ${error}`,
    );
    if (includes !== undefined) {
      nodeAssert.ok(error.message.includes(includes), `"${error.message}" must include "${includes}"`);
    }
    return error as E;
  };
  return {
    assert: (value, message) => nodeAssert.ok(value, message),
    assertEquals: (actual, expected, message) => nodeAssert.deepStrictEqual(actual, expected, message),
    assertNotEquals: (actual, expected, message) => nodeAssert.notDeepStrictEqual(actual, expected, message),
    assertStrictEquals: (actual, expected, message) => nodeAssert.strictEqual(actual, expected, message),
    assertExists: (actual, message) =>
      nodeAssert.ok(actual !== undefined && actual !== null, message ?? `Expected a value: it is ${actual}`),
    assertAlmostEquals(actual, expected, tolerance, message) {
      if (Object.is(actual, expected)) return;
      const allowed = tolerance ?? (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
      nodeAssert.ok(
        Math.abs(actual - expected) <= allowed,
        message ?? `${actual} must be within ${allowed} of ${expected}`,
      );
    },
    assertStringIncludes: (actual, expected, message) =>
      nodeAssert.ok(actual.includes(expected), message ?? `"${actual}" must include "${expected}"`),
    assertMatch: (actual, expected, message) => nodeAssert.match(actual, expected, message),
    assertInstanceOf: (actual, expected, message) =>
      nodeAssert.ok(actual instanceof expected, message ?? `${actual} must be a ${expected.name}`),
    assertThrows(fn, errorClass, includes, message) {
      let thrown: unknown;
      try {
        fn();
      } catch (error) {
        thrown = error;
      }
      nodeAssert.ok(thrown !== undefined, message ?? "Expected the function to throw");
      return checkError(thrown, errorClass, includes);
    },
    async assertRejects(fn, errorClass, includes, message) {
      let thrown: unknown;
      try {
        await fn();
      } catch (error) {
        thrown = error;
      }
      nodeAssert.ok(thrown !== undefined, message ?? "Expected the promise to reject");
      return checkError(thrown, errorClass, includes);
    },
    fail: (message) => nodeAssert.fail(message ?? "Failed"),
  };
}

async function loadAssertions(): Promise<Assertions> {
  const specifier: string = "@std/assert";
  try {
    return await import(specifier);
  } catch {
    // JSR is out of reach here: not a failure of the code under test.
    console.error("note: jsr:@std/assert is out of reach; tests assert over node:assert");
    return overNodeAssert();
  }
}

const loaded: Assertions = await loadAssertions();

export const assert: Assertions["assert"] = loaded.assert;
export const assertEquals: Assertions["assertEquals"] = loaded.assertEquals;
export const assertNotEquals: Assertions["assertNotEquals"] = loaded.assertNotEquals;
export const assertStrictEquals: Assertions["assertStrictEquals"] = loaded.assertStrictEquals;
export const assertExists: Assertions["assertExists"] = loaded.assertExists;
export const assertAlmostEquals: Assertions["assertAlmostEquals"] = loaded.assertAlmostEquals;
export const assertStringIncludes: Assertions["assertStringIncludes"] = loaded.assertStringIncludes;
export const assertMatch: Assertions["assertMatch"] = loaded.assertMatch;
export const assertInstanceOf: Assertions["assertInstanceOf"] = loaded.assertInstanceOf;
export const assertThrows: Assertions["assertThrows"] = loaded.assertThrows;
export const assertRejects: Assertions["assertRejects"] = loaded.assertRejects;
export const fail: Assertions["fail"] = loaded.fail;

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
  /** Fails unless the value is truthy. */
  assert(value: unknown, message?: string): asserts value;
  /** Fails unless the two are deeply equal. */
  assertEquals<T>(actual: T, expected: T, message?: string): void;
  /** Fails where the two are deeply equal. */
  assertNotEquals<T>(actual: T, expected: T, message?: string): void;
  /** Fails unless the two are the same, as `Object.is` sees it. */
  assertStrictEquals<T>(actual: unknown, expected: T, message?: string): asserts actual is T;
  /** Fails where the value is null or undefined. */
  assertExists<T>(actual: T, message?: string): asserts actual is NonNullable<T>;
  /** Fails unless the two differ by no more than the tolerance. */
  assertAlmostEquals(actual: number, expected: number, tolerance?: number, message?: string): void;
  /** Fails unless the first string includes the second. */
  assertStringIncludes(actual: string, expected: string, message?: string): void;
  /** Fails unless the string matches the expression. */
  assertMatch(actual: string, expected: RegExp, message?: string): void;
  /** Fails unless the value is an instance of the class. */
  assertInstanceOf<T>(actual: unknown, expected: Constructor<T>, message?: string): asserts actual is T;
  /** Fails unless the function throws the expected error, which it returns. */
  assertThrows<E extends Error = Error>(
    fn: () => unknown,
    errorClass?: Constructor<E>,
    messageIncludes?: string,
    message?: string,
  ): E;
  /** Fails unless the promise rejects with the expected error, which it resolves to. */
  assertRejects<E extends Error = Error>(
    fn: () => PromiseLike<unknown>,
    errorClass?: Constructor<E>,
    messageIncludes?: string,
    message?: string,
  ): Promise<E>;
  /** Fails always. */
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

/** Fails unless the value is truthy. */
export const assert: Assertions["assert"] = loaded.assert;
/** Fails unless both values are deeply equal. */
export const assertEquals: Assertions["assertEquals"] = loaded.assertEquals;
/** Fails if both values are deeply equal. */
export const assertNotEquals: Assertions["assertNotEquals"] = loaded.assertNotEquals;
/** Fails unless both values are the same by `Object.is`. */
export const assertStrictEquals: Assertions["assertStrictEquals"] = loaded.assertStrictEquals;
/** Fails if the value is null or undefined. */
export const assertExists: Assertions["assertExists"] = loaded.assertExists;
/** Fails unless the numbers differ by no more than the tolerance. */
export const assertAlmostEquals: Assertions["assertAlmostEquals"] = loaded.assertAlmostEquals;
/** Fails unless the first string includes the second. */
export const assertStringIncludes: Assertions["assertStringIncludes"] = loaded.assertStringIncludes;
/** Fails unless the string matches the expression. */
export const assertMatch: Assertions["assertMatch"] = loaded.assertMatch;
/** Fails unless the value is an instance of the class. */
export const assertInstanceOf: Assertions["assertInstanceOf"] = loaded.assertInstanceOf;
/** Fails unless the function throws the expected error, which it returns. */
export const assertThrows: Assertions["assertThrows"] = loaded.assertThrows;
/** Fails unless the promise rejects with the expected error, which it resolves to. */
export const assertRejects: Assertions["assertRejects"] = loaded.assertRejects;
/** Fails always. */
export const fail: Assertions["fail"] = loaded.fail;

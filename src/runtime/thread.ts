import { DeliveryError } from "./delivery_error.ts";

/** An object in a thread of its own, for work that would block this one. */
export interface Thread extends AsyncDisposable {
  /** Calls a method; `name` may be a path, as in `labels.add`. Arguments and results are copied. */
  call<T>(name: string, args: readonly unknown[]): Promise<T>;
  /** Iterates over a method's async iterable, one element at a time. */
  iterate<T>(name: string, args: readonly unknown[]): AsyncIterable<T>;
}

/** An error class that is kept between threads. */
export type ErrorClass = new (message: string) => Error;

/** Calls a method, takes the next element of an iterable, drops it, or ends the thread. */
type Question =
  | { id: number; call: string; args: readonly unknown[]; isIterable?: boolean }
  | { id: number; next: number }
  | { id: number; drop: number }
  | { id: number; end: true };

/** The first answer, of id 0, says that the object was opened, or why not. */
type Answer = { id: number; value?: unknown; error?: SentError };

interface SentError {
  name: string;
  message: string;
  stack?: string;
  retriable?: boolean;
  retryAfterMs?: number;
}

/**
 * Starts a thread, which needs permission to read its module.
 *
 * @param module Address of a module that calls `serveThread`.
 * @param argument Of the function given to `serveThread`.
 * @param errorClasses Classes besides `DeliveryError` that are kept; other errors arrive as `Error`.
 * @throws What that function threw.
 */
export async function startThread(
  module: URL,
  argument: unknown,
  errorClasses: readonly ErrorClass[] = [],
): Promise<Thread> {
  const worker = new Worker(module, { type: "module" });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let lastId = 0;
  let failure: Error | undefined;
  const ask = (id: number, send: () => void): Promise<unknown> => {
    if (failure !== undefined) return Promise.reject(failure);
    const answer = Promise.withResolvers<unknown>();
    waiting.set(id, answer);
    try {
      send();
    } catch (error) {
      waiting.delete(id);
      answer.reject(error);
    }
    return answer.promise;
  };
  const post = <T>(question: (id: number) => Question): Promise<T> => {
    const id = ++lastId;
    return ask(id, () => worker.postMessage(question(id))) as Promise<T>;
  };
  const fail = (error: Error) => {
    failure = error;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.onmessage = ({ data: { id, value, error } }: MessageEvent<Answer>) => {
    const answer = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) answer?.resolve(value);
    else answer?.reject(receivedError(error, errorClasses));
  };
  worker.onerror = (event) => {
    event.preventDefault();
    fail(new Error(`The thread of ${module.pathname} failed: ${event.message}`));
  };
  try {
    await ask(0, () => worker.postMessage(argument));
  } catch (error) {
    worker.terminate();
    throw error;
  }
  return {
    call: (call, args) => post((id) => ({ id, call, args })),
    async *iterate<T>(call: string, args: readonly unknown[]) {
      const which = await post<number>((id) => ({ id, call, args, isIterable: true }));
      try {
        for (;;) {
          const { done, value } = await post<IteratorResult<T>>((id) => ({ id, next: which }));
          if (done) return;
          yield value;
        }
      } finally {
        await post((id) => ({ id, drop: which }));
      }
    },
    async [Symbol.asyncDispose]() {
      if (failure !== undefined) return worker.terminate();
      // Earlier calls are answered first.
      await Promise.allSettled([...waiting.values()].map(({ promise }) => promise));
      if (failure === undefined) await post((id) => ({ id, end: true }));
      fail(new Error(`The thread of ${module.pathname} has been closed`));
      worker.terminate();
    },
  };
}

/** The global scope of a worker, as far as it is used here. */
interface Port {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: Answer): void;
}

/** Makes this worker the thread of the object that the function opens, and disposes of it at the end. */
export function serveThread<Argument>(open: (argument: Argument) => AsyncDisposable): void {
  const port = globalThis as unknown as Port;
  const iterators = new Map<number, AsyncIterator<unknown>>();
  const answerTo = async (target: AsyncDisposable, question: Question): Promise<unknown> => {
    if ("next" in question) return await iterators.get(question.next)!.next();
    if ("drop" in question) {
      await iterators.get(question.drop)?.return?.();
      return void iterators.delete(question.drop);
    }
    if ("end" in question) return await target[Symbol.asyncDispose]();
    const { id, call, args, isIterable } = question;
    const names = call.split(".");
    const method = names.pop()!;
    // deno-lint-ignore no-explicit-any
    const owner = names.reduce((part: any, name) => part[name], target);
    if (!isIterable) return await owner[method](...args);
    iterators.set(id, owner[method](...args)[Symbol.asyncIterator]());
    return id;
  };
  const reply = (id: number, work: () => unknown) => {
    Promise.try(work).then(
      (value) => port.postMessage({ id, value }),
      (error) => port.postMessage({ id, error: sentError(error) }),
    );
  };
  port.onmessage = ({ data }: MessageEvent<Argument>) =>
    reply(0, () => {
      const target = open(data);
      port.onmessage = ({ data }: MessageEvent<Question>) => reply(data.id, () => answerTo(target, data));
    });
}

function sentError(error: unknown): SentError {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const { retriable, retryAfterMs } = error instanceof DeliveryError ? error : {};
  return { name, message, stack, retriable, retryAfterMs };
}

function receivedError(sent: SentError, errorClasses: readonly ErrorClass[]): Error {
  const { name, message, stack, retriable, retryAfterMs } = sent;
  const Class = [...errorClasses, RangeError, TypeError].find((each) => each.name === name) ?? Error;
  const error = retriable === undefined
    ? new Class(message)
    : new DeliveryError(message, { retriable, retryAfterMs });
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** Each element as a batch of its own, for those that have no batches. */
export async function* oneByOne<T>(elements: AsyncIterable<T>): AsyncGenerator<[T]> {
  for await (const element of elements) yield [element];
}

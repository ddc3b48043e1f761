/** `{"a": […], "b": […]}` with the elements of each list written as they come. */
export async function* writeJsonLists(
  lists: readonly (readonly [name: string, items: AsyncIterable<unknown> | Iterable<unknown>])[],
): AsyncGenerator<string> {
  yield '{';
  for (const [at, [name, items]] of lists.entries()) {
    yield `${at > 0 ? ',' : ''}\n${JSON.stringify(name)}: `;
    yield* writeJsonList(items);
  }
  yield '\n}\n';
}

export async function* writeJsonList(
  items: AsyncIterable<unknown> | Iterable<unknown>,
): AsyncGenerator<string> {
  let before = '[';
  for await (const item of items) {
    yield `${before}\n${JSON.stringify(item)}`;
    before = ',';
  }
  yield before === '[' ? '[]' : '\n]';
}

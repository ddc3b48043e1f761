import { GroupCommit } from './group-commit.js';

interface Wanted<V> {
  key: string;
  value: V | undefined;
}

/** Reads by key, many at once: whoever asks while a query is under way shares the next one. */
export class GatheredRead<V> {
  private readonly groups: GroupCommit<Wanted<V>>;

  /** @param load what there is of these keys, each of which is named once */
  constructor(load: (keys: string[]) => Promise<ReadonlyMap<string, V>>) {
    this.groups = new GroupCommit(async (wanted) => {
      const found = await load([...new Set(wanted.map(({ key }) => key))]);
      for (const each of wanted) each.value = found.get(each.key);
    }, 1000);
  }

  /** Of a moment after the call. Undefined: there is none. */
  async read(key: string): Promise<V | undefined> {
    const wanted: Wanted<V> = { key, value: undefined };
    await this.groups.submit(wanted);
    return wanted.value;
  }
}

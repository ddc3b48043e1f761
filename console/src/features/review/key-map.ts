/** What a key of the review can do, in the order of the help. Digits choose classes and are not here. */
export const actions = {
  accept: { key: 'Enter', meaning: 'Accept what the model says' },
  skip: { key: 'Space', meaning: 'Skip: not now, not mine' },
  unsure: { key: 'u', meaning: 'Unsure: nobody could tell from this picture' },
  undo: { key: 'Ctrl z', meaning: 'Take back the last answer' },
  redo: { key: 'Ctrl Shift z', meaning: 'Give it again' },
  fit: { key: 'f', meaning: 'Show the whole picture' },
  brighter: { key: ']', meaning: 'Brighter' },
  darker: { key: '[', meaning: 'Darker' },
  plain: { key: '\\', meaning: 'The picture as it is' },
  book: { key: 'b', meaning: 'Show or hide the label book' },
  example: { key: 'e', meaning: 'Put this frame into the label book' },
  help: { key: '?', meaning: 'Show the keys' },
} as const;

export type ReviewAction = keyof typeof actions;
/** Action → key, as `keyOf` writes it. */
export type KeyMap = Readonly<Record<ReviewAction, string>>;

const names = Object.keys(actions) as ReviewAction[];
export const usualKeys = Object.fromEntries(names.map((name) => [name, actions[name].key])) as KeyMap;

interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

/** How a key is written: `Ctrl Shift z`, `Space`, `?`. Null: a key on its own says nothing. */
export function keyOf(event: Pressed): string | null {
  const { key } = event;
  if (['Control', 'Shift', 'Alt', 'Meta', 'AltGraph', 'Dead', 'Process', 'Unidentified'].includes(key))
    return null;
  const modified = event.ctrlKey || event.metaKey;
  const base = key === ' ' ? 'Space' : key.length === 1 ? key.toLowerCase() : key;
  // A sign that needs Shift, such as ?, is itself; Shift counts with letters and named keys.
  const shifted = event.shiftKey && (base !== key || key.length > 1 || (modified && /[a-z]/.test(base)));
  return [modified && 'Ctrl', event.altKey && 'Alt', shifted && 'Shift', base].filter(Boolean).join(' ');
}

/** Why an action cannot have a key; null: it can. */
export function conflict(keys: KeyMap, action: ReviewAction, key: string): string | null {
  if (/^(?:Ctrl |Alt )?\d$/.test(key)) return 'Digits choose the class.';
  if (key === 'Escape' || key === 'Tab') return 'The browser needs this key.';
  const other = names.find((name) => name !== action && keys[name] === key);
  return other ? `This key is taken: ${actions[other].meaning}.` : null;
}

/** The keys that were kept; the usual ones where they are not right together. */
export function readKeys(kept: unknown): KeyMap {
  if (typeof kept !== 'object' || kept === null) return usualKeys;
  const given = kept as Record<string, unknown>;
  const keys = Object.fromEntries(
    names.map((name) => {
      const key = given[name];
      return [name, typeof key === 'string' && key !== '' ? key : usualKeys[name]];
    }),
  ) as KeyMap;
  return names.every((name) => conflict(keys, name, keys[name]) === null) ? keys : usualKeys;
}

export const actionOf = (keys: KeyMap, key: string): ReviewAction | undefined =>
  names.find((name) => keys[name] === key);

/** For people: `Ctrl Z`. */
export const keyWords = (key: string): string =>
  key
    .split(' ')
    .map((part) => (part.length === 1 ? part.toUpperCase() : part))
    .join(' ');

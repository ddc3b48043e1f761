import { phrase, t } from '../../i18n/index.js';

/** What a key of the review can do, in the order of the help. Digits choose classes and are not here. */
export const actions = {
  accept: { key: 'Enter', meaning: phrase('Accept what the model says') },
  skip: { key: 'Space', meaning: phrase('Skip: not now, not mine') },
  unsure: { key: 'u', meaning: phrase('Unsure: nobody could tell from this picture') },
  undo: { key: 'Ctrl z', meaning: phrase('Take back the last answer') },
  redo: { key: 'Ctrl Shift z', meaning: phrase('Give it again') },
  fit: { key: 'f', meaning: phrase('Show the whole picture') },
  brighter: { key: ']', meaning: phrase('Brighter') },
  darker: { key: '[', meaning: phrase('Darker') },
  plain: { key: '\\', meaning: phrase('The picture as it is') },
  boxes: { key: 'b', meaning: phrase('Draw boxes, and back to the whole frame') },
  copyBoxes: { key: 'c', meaning: phrase('Copy all boxes to the next frame') },
  similar: { key: 'n', meaning: phrase('Show or hide labelled frames that look alike') },
  book: { key: 'l', meaning: phrase('Show or hide the label book') },
  known: { key: 'k', meaning: phrase('Disputed frames: the last one is a known answer') },
  example: { key: 'e', meaning: phrase('Put this frame into the label book') },
  help: { key: '?', meaning: phrase('Show the keys') },
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
  if (/^(?:Ctrl |Alt )?\d$/.test(key)) return t('Digits choose the class.');
  if (key === 'Escape' || key === 'Tab') return t('The browser needs this key.');
  if (/(?:Arrow\w+|Delete|Backspace)$/.test(key)) return t('This key is for boxes.');
  const other = names.find((name) => name !== action && keys[name] === key);
  return other ? t('This key is taken: {{meaning}}.', { meaning: t(actions[other].meaning) }) : null;
}

const letters = [...'abcdefghijklmnopqrstuvwxyz'];

/**
 * The keys that were kept; the usual ones where they are not right together. An action that is newer than they are takes its
 * usual key, or a letter that is free.
 */
export function readKeys(kept: unknown): KeyMap {
  if (typeof kept !== 'object' || kept === null) return usualKeys;
  const given = kept as Record<string, unknown>;
  const keys: Record<string, string> = {};
  for (const name of names) {
    const key = given[name];
    if (typeof key === 'string' && key !== '') keys[name] = key;
  }
  for (const name of names) {
    const taken = new Set([...Object.values(keys), ...Object.values(usualKeys)]);
    const usual = usualKeys[name];
    const free = Object.values(keys).includes(usual) ? letters.find((letter) => !taken.has(letter)) : usual;
    keys[name] ??= free ?? usual;
  }
  const all = keys as KeyMap;
  return names.every((name) => conflict(all, name, all[name]) === null) ? all : usualKeys;
}

export const actionOf = (keys: KeyMap, key: string): ReviewAction | undefined =>
  names.find((name) => keys[name] === key);

/** For people: `Ctrl Z`. */
export const keyWords = (key: string): string =>
  key
    .split(' ')
    .map((part) => (part.length === 1 ? part.toUpperCase() : part))
    .join(' ');

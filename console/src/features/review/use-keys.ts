import { useLocalStorage } from '@mantine/hooks';
import { useLayoutEffect, useMemo, useRef } from 'react';
import { digitKey, ownsActivation, typing } from '../../ui/keyboard.js';
import { actionOf, type KeyMap, keyOf, type ReviewAction, readKeys } from './key-map.js';

/** Where Enter and Space answer the frame, whatever has the focus. */
const answers = '[data-review-keys]';

/** An action that a page does not have does nothing there. */
export type ReviewKeys = Partial<Record<ReviewAction, () => void>> & { digit(place: number): void };

/** A dialog that fades out would keep the focus, and swallow the next key. */
export const instantly = { duration: 0 };

/** The keys of this person's browser, and how to change them. */
export function useKeyMap(): [KeyMap, (keys: KeyMap | null) => void] {
  const [kept, keep, forget] = useLocalStorage<unknown>({
    key: 'lineside.review-keys',
    getInitialValueInEffect: false,
  });
  const keys = useMemo(() => readKeys(kept), [kept]);
  return [keys, (wanted) => (wanted ? keep(wanted) : forget())];
}

/**
 * The review's keyboard, on the whole page but not while a person types or a dialog is open. Layout effects: a key
 * pressed as soon as a frame can be seen is meant for that frame.
 */
export function useReviewKeys(keys: KeyMap, does: ReviewKeys, enabled: boolean): void {
  const latest = useRef({ keys, does });
  useLayoutEffect(() => {
    latest.current = { keys, does };
  });
  useLayoutEffect(() => {
    if (!enabled) return;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.repeat || typing(event.target)) return;
      const act = meaningOf(event, latest.current.keys, latest.current.does);
      if (!act) return;
      event.preventDefault();
      act();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [enabled]);
}

function meaningOf(event: KeyboardEvent, keys: KeyMap, does: ReviewKeys): (() => void) | null {
  const key = keyOf(event);
  const action = key === null ? undefined : actionOf(keys, key);
  if (action) {
    const activates = key === 'Enter' || key === 'Space';
    return activates && ownsActivation(event.target, answers) ? null : (does[action] ?? null);
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return null;
  const place = digitKey(event);
  return place === null ? null : () => does.digit(place);
}

import { useLayoutEffect, useRef } from 'react';

export interface ReviewKeys {
  digit(place: number): void;
  accept(): void;
  skip(): void;
  unsure(): void;
  undo(): void;
  help(): void;
}

export const keyHelp = [
  ['1 – 9, 0', 'Choose the class'],
  ['Enter', 'Accept what the model says'],
  ['Space', 'Skip: not now, not mine'],
  ['U', 'Unsure: nobody could tell from this picture'],
  ['Ctrl Z', 'Take back the last answer'],
  ['Wheel, drag', 'Zoom and move the picture'],
  ['?', 'Show the keys'],
] as const;

/** A dialog that fades out would keep the focus, and swallow the next key. */
export const instantly = { duration: 0 };

const typing = (target: EventTarget | null): boolean =>
  target instanceof Element &&
  target.closest('input, textarea, select, [contenteditable="true"], [role="dialog"]') !== null;

/** A control outside the answers that has the focus keeps Enter and Space for itself. */
const ownsActivation = (target: EventTarget | null): boolean =>
  target instanceof Element &&
  target.closest('a, button, [role="menu"]') !== null &&
  !target.closest('[data-review-keys]');

/**
 * The review's keyboard, on the whole page but not while a person types or a dialog is open. Layout effects: a key
 * pressed as soon as a frame can be seen is meant for that frame.
 */
export function useReviewKeys(actions: ReviewKeys, enabled: boolean): void {
  const latest = useRef(actions);
  useLayoutEffect(() => {
    latest.current = actions;
  });
  useLayoutEffect(() => {
    if (!enabled) return;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.repeat || typing(event.target)) return;
      const does = actionOf(event, latest.current);
      if (!does) return;
      event.preventDefault();
      does();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [enabled]);
}

function actionOf(event: KeyboardEvent, actions: ReviewKeys): (() => void) | null {
  if (event.ctrlKey || event.metaKey) {
    return event.key.toLowerCase() === 'z' && !event.shiftKey ? actions.undo : null;
  }
  if (event.altKey) return null;
  if (event.key === '?') return actions.help;
  if (event.key === 'Enter') return ownsActivation(event.target) ? null : actions.accept;
  if (event.key === ' ') return ownsActivation(event.target) ? null : actions.skip;
  if (event.key.toLowerCase() === 'u') return actions.unsure;
  // The key's position also serves layouts where digits need Shift.
  const digit =
    /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1] ?? (/^\d$/.test(event.key) ? event.key : undefined);
  if (digit === undefined || event.shiftKey) return null;
  return () => actions.digit(digit === '0' ? 9 : Number(digit) - 1);
}

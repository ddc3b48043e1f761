import { useLayoutEffect, useRef } from 'react';
import { digitKey, ownsActivation, typing } from '../../ui/keyboard.js';

/** Where Enter and Space answer the frame, whatever has the focus. */
const answers = '[data-review-keys]';

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
  if (event.key === 'Enter') return ownsActivation(event.target, answers) ? null : actions.accept;
  if (event.key === ' ') return ownsActivation(event.target, answers) ? null : actions.skip;
  if (event.key.toLowerCase() === 'u') return actions.unsure;
  const place = event.shiftKey ? null : digitKey(event);
  return place === null ? null : () => actions.digit(place);
}

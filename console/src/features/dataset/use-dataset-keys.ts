import { useLayoutEffect, useRef } from 'react';
import { t } from '../../i18n/index.js';
import { digitKey, ownsActivation, typing } from '../../ui/keyboard.js';

export interface DatasetKeys {
  digit(place: number): void;
  queue(): void;
  /** Takes the suggested labels. */
  accept(): void;
  /** Puts a frame into the label book. */
  example(): void;
  undo(): void;
  clear(): void;
  all(): void;
  open(): void;
  toggle(): void;
  /** @returns whether the key led anywhere */
  arrow(key: string, keepRange: boolean): boolean;
}

/** The grid's keyboard, on the whole page but not while a person types. */
export function useDatasetKeys(actions: DatasetKeys, enabled: boolean): void {
  const latest = useRef(actions);
  useLayoutEffect(() => {
    latest.current = actions;
  });
  useLayoutEffect(() => {
    if (!enabled) return;
    const onKeyDown = (event: KeyboardEvent) => {
      if (typing(event.target)) return;
      if (act(event, latest.current)) event.preventDefault();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [enabled]);
}

/** @returns whether the key meant something */
function act(event: KeyboardEvent, actions: DatasetKeys): boolean {
  const key = event.key.toLowerCase();
  if (event.altKey) return false;
  if (event.ctrlKey || event.metaKey) {
    if (key === 'a') actions.all();
    else if (key === 'z' && !event.shiftKey) actions.undo();
    else return false;
    return true;
  }
  if (event.key.startsWith(t('Arrow')) || event.key === 'Home' || event.key === 'End') {
    return actions.arrow(event.key, event.shiftKey);
  }
  if (event.repeat) return false;
  const digit = event.shiftKey ? null : digitKey(event);
  if (digit !== null) actions.digit(digit);
  else if (key === 'q') actions.queue();
  else if (key === 'a') actions.accept();
  else if (key === 'e') actions.example();
  else if (key === 'escape') actions.clear();
  else if (key === 'enter' && !ownsActivation(event.target)) actions.open();
  else if (key === ' ' && !ownsActivation(event.target)) actions.toggle();
  else return false;
  return true;
}

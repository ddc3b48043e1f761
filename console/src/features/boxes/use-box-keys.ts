import { useLayoutEffect, useRef } from 'react';
import { digitKey, ownsActivation, typing } from '../../ui/keyboard.js';
import type { BoxAction, BoxEditor } from './editor.js';
import { boxKeyOf } from './keys.js';

interface BoxKeys {
  editor: BoxEditor | null;
  dispatch(action: BoxAction): void;
  digit(place: number): void;
  leave(): void;
}

/** The keyboard while boxes are drawn: on the whole page, but not while a person types or a dialog is open. */
export function useBoxKeys(does: BoxKeys, enabled: boolean): void {
  const latest = useRef(does);
  useLayoutEffect(() => {
    latest.current = does;
  });
  useLayoutEffect(() => {
    if (!enabled) return;
    const onKeyDown = (event: KeyboardEvent) => {
      if (typing(event.target) || (event.key === 'Enter' && ownsActivation(event.target))) return;
      const { editor, dispatch, digit, leave } = latest.current;
      const act = boxKeyOf(event, editor?.selected != null);
      // Tab is the browser's where there is nothing to go through.
      if (act?.type === 'cycle' && !editor?.boxes.length) return;
      if (act) {
        event.preventDefault();
        if (act.type === 'leave') leave();
        else dispatch(act);
        return;
      }
      const held = event.ctrlKey || event.metaKey || event.altKey || event.shiftKey;
      const place = held || event.repeat ? null : digitKey(event);
      if (place === null) return;
      event.preventDefault();
      digit(place);
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [enabled]);
}

import { type PointerEvent, useRef } from 'react';
import type { BoxAction } from './editor.js';
import { placement, type Size, toPicture } from './geometry.js';

/** Half the side of a handle's square, in CSS pixels: a finger needs more room than a mouse. */
export const reachOf = (pointerType: string): number => (pointerType === 'mouse' ? 12 : 20);
/** A pointer trembles by as much, in CSS pixels. */
const slack = 3;

/** Pointers on the stage as what they do to the boxes. A second finger takes back what the first one began: it zooms. */
export function useBoxPointer(
  picture: Size,
  view: { scale: number; x: number; y: number },
  dispatch: (action: BoxAction) => void,
) {
  const down = useRef(new Set<number>());
  const placed = (event: PointerEvent<HTMLElement>) => {
    const stage = event.currentTarget.getBoundingClientRect();
    const place = placement(stage, picture, view);
    return {
      place,
      at: toPicture(place, event.clientX - stage.left, event.clientY - stage.top),
    };
  };
  const left = (event: PointerEvent<HTMLElement>, type: 'release' | 'cancel') => {
    if (down.current.delete(event.pointerId) && down.current.size === 0) dispatch({ type });
  };
  return {
    onPointerDown(event: PointerEvent<HTMLElement>) {
      if ((event.target as Element).closest('button, a') || event.button !== 0) return;
      down.current.add(event.pointerId);
      if (down.current.size > 1) return dispatch({ type: 'cancel' });
      const { place, at } = placed(event);
      dispatch({ type: 'press', at, reach: reachOf(event.pointerType) / place.scale });
    },
    onPointerMove(event: PointerEvent<HTMLElement>) {
      if (down.current.size !== 1 || !down.current.has(event.pointerId)) return;
      const { place, at } = placed(event);
      dispatch({ type: 'drag', to: at, slack: slack / place.scale });
    },
    onPointerUp: (event: PointerEvent<HTMLElement>) => left(event, 'release'),
    onPointerCancel: (event: PointerEvent<HTMLElement>) => left(event, 'cancel'),
  };
}

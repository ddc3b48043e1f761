import type { BoxAction } from './editor.js';

/** What a key does while boxes are drawn, besides digits and the keys of the review. */
export type BoxKey = BoxAction | { type: 'leave' };

const arrows: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
const far = 10;

interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

/** Arrows move the selected box by a pixel, or by ten with Shift; with Alt or Ctrl they move its right and bottom sides. */
export function boxKeyOf(event: Pressed, selected: boolean): BoxKey | null {
  const arrow = arrows[event.key];
  if (arrow) {
    const step = event.shiftKey ? far : 1;
    const [dx, dy] = [arrow[0] * step, arrow[1] * step];
    return { type: event.altKey || event.ctrlKey || event.metaKey ? 'stretch' : 'nudge', dx, dy };
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  if (event.key === 'Tab') return { type: 'cycle', step: event.shiftKey ? -1 : 1 };
  if (event.shiftKey) return null;
  if (event.key === 'Delete' || event.key === 'Backspace') return { type: 'remove' };
  if (event.key === 'Escape') return selected ? { type: 'select', place: null } : { type: 'leave' };
  if (event.key === 'Enter') return { type: 'leave' };
  return null;
}

import { type CSSProperties, type PointerEvent, useRef, useState, type WheelEvent } from 'react';

export interface View {
  scale: number;
  x: number;
  y: number;
}
const whole: View = { scale: 1, x: 0, y: 0 };
const largest = 12;

/** Scales about a point given relative to the middle of the stage, so that what is under it stays there. */
function scaledAbout(view: View, factor: number, px: number, py: number): View {
  const scale = Math.min(largest, Math.max(1, view.scale * factor));
  if (scale === 1) return whole;
  const ratio = scale / view.scale;
  return { scale, x: px - (px - view.x) * ratio, y: py - (py - view.y) * ratio };
}

/**
 * Wheel zooms at the cursor, two fingers pinch, drag pans. The view stays from frame to frame: parts lie in the same place.
 * @param drawn dragging draws something: only the middle button pans
 */
export function useZoom(drawn = false) {
  const [view, set] = useState(whole);
  const pointers = useRef(new Map<number, { x: number; y: number }>());

  const fromMiddle = (target: Element, x: number, y: number): [number, number] => {
    const box = target.getBoundingClientRect();
    return [x - box.left - box.width / 2, y - box.top - box.height / 2];
  };

  const handlers = {
    onWheel(event: WheelEvent<HTMLElement>) {
      const [x, y] = fromMiddle(event.currentTarget, event.clientX, event.clientY);
      const factor = Math.exp(-event.deltaY * 0.0016);
      set((current) => scaledAbout(current, factor, x, y));
    },
    onPointerDown(event: PointerEvent<HTMLElement>) {
      if ((event.target as Element).closest('button, a')) return;
      pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
      event.currentTarget.setPointerCapture(event.pointerId);
    },
    onPointerMove(event: PointerEvent<HTMLElement>) {
      const before = pointers.current.get(event.pointerId);
      if (!before) return;
      const after = { x: event.clientX, y: event.clientY };
      const other = [...pointers.current].find(([pointer]) => pointer !== event.pointerId)?.[1];
      pointers.current.set(event.pointerId, after);
      if (!other) {
        if (drawn && (event.buttons & 4) === 0) return;
        set((current) =>
          current.scale === 1
            ? current
            : { ...current, x: current.x + after.x - before.x, y: current.y + after.y - before.y },
        );
        return;
      }
      const spread = (a: { x: number; y: number }) => Math.hypot(a.x - other.x, a.y - other.y) || 1;
      const [x, y] = fromMiddle(event.currentTarget, (after.x + other.x) / 2, (after.y + other.y) / 2);
      set((current) => scaledAbout(current, spread(after) / spread(before), x, y));
    },
    onPointerUp: (event: PointerEvent<HTMLElement>) => void pointers.current.delete(event.pointerId),
    onPointerCancel: (event: PointerEvent<HTMLElement>) => void pointers.current.delete(event.pointerId),
    onDoubleClick: () => {
      if (!drawn) set(() => whole);
    },
  };
  const style: CSSProperties = {
    transform: `translate(${view.x}px, ${view.y}px) scale(${view.scale})`,
  };
  return { view, style, handlers, zoomed: view.scale > 1, reset: () => set(() => whole) };
}

import {
  type CSSProperties,
  type MouseEvent,
  type PointerEvent,
  type RefObject,
  useRef,
  useState,
} from 'react';
import { covered, extended, type IdAt, only, type Selection, toggled } from './selection.js';

/** A pointer that moves less is a click. */
const leastDrag = 6;
/** So near to an edge the grid scrolls along, CSS pixels. */
const edge = 40;

interface PointerInput {
  scroller: RefObject<HTMLDivElement | null>;
  columns: number;
  side: number;
  height: number;
  gap: number;
  total: number;
  idAt: IdAt;
  selection: Selection;
  select: (selection: Selection) => void;
  open: (place: number) => void;
}

interface Drag {
  x: number;
  y: number;
  kept: ReadonlyMap<number, string>;
  banding: boolean;
}

const placeOf = (target: EventTarget): number | null => {
  const tile = target instanceof Element ? target.closest('[data-place]') : null;
  return tile ? Number(tile.getAttribute('data-place')) : null;
};

/** Choosing by mouse and touch: click, Ctrl and Shift with it, a rectangle, a tap; two clicks open. */
export function usePointer(input: PointerInput) {
  const drag = useRef<Drag | null>(null);
  const [band, setBand] = useState<CSSProperties | null>(null);

  /** Where the pointer is on the whole grid. */
  const positionOf = (event: PointerEvent) => {
    const canvas = input.scroller.current?.firstElementChild?.getBoundingClientRect();
    return { x: event.clientX - (canvas?.left ?? 0), y: event.clientY - (canvas?.top ?? 0) };
  };

  const pull = (event: PointerEvent, from: Drag) => {
    const to = positionOf(event);
    const { columns, side, height, gap, total, idAt } = input;
    const [left, right] = from.x < to.x ? [from.x, to.x] : [to.x, from.x];
    const [top, bottom] = from.y < to.y ? [from.y, to.y] : [to.y, from.y];
    const column = (x: number) => Math.min(columns - 1, Math.max(0, Math.floor(x / (side + gap))));
    const rows = Math.ceil(total / columns);
    const row = (y: number) => Math.min(rows - 1, Math.max(0, Math.floor(y / height)));
    setBand({ left, top, width: right - left, height: bottom - top });
    const rectangle = { top: row(top), bottom: row(bottom), left: column(left), right: column(right) };
    input.select(covered(rectangle, columns, idAt, from.kept));
    const view = input.scroller.current?.getBoundingClientRect();
    if (view && event.clientY > view.bottom - edge) input.scroller.current?.scrollBy({ top: height / 2 });
    if (view && event.clientY < view.top + edge) input.scroller.current?.scrollBy({ top: -height / 2 });
  };

  const handlers = {
    onPointerDown(event: PointerEvent) {
      // A finger scrolls; it chooses by tapping.
      if (event.button !== 0 || event.pointerType === 'touch') return;
      if (event.nativeEvent.offsetX > (input.scroller.current?.clientWidth ?? 0)) return;
      const adds = event.ctrlKey || event.metaKey;
      drag.current = {
        ...positionOf(event),
        kept: adds ? input.selection.chosen : new Map(),
        banding: false,
      };
    },
    onPointerMove(event: PointerEvent) {
      const from = drag.current;
      if (!from || event.shiftKey) return;
      const to = positionOf(event);
      if (!from.banding && Math.hypot(to.x - from.x, to.y - from.y) < leastDrag) return;
      if (!from.banding) event.currentTarget.setPointerCapture(event.pointerId);
      from.banding = true;
      pull(event, from);
    },
    onPointerUp(event: PointerEvent) {
      const banded = drag.current?.banding ?? false;
      drag.current = null;
      setBand(null);
      const place = placeOf(event.target);
      if (banded || place === null || event.button !== 0) return;
      const { selection, idAt } = input;
      const adds = event.ctrlKey || event.metaKey;
      if (event.shiftKey) input.select(extended(selection, place, idAt, adds ? selection.chosen : undefined));
      else if (adds || event.pointerType === 'touch') input.select(toggled(selection, place, idAt));
      else input.select(only(place, idAt));
    },
    onPointerCancel() {
      drag.current = null;
      setBand(null);
    },
    onDoubleClick(event: MouseEvent) {
      const place = placeOf(event.target);
      if (place !== null) input.open(place);
    },
  };
  return { handlers, band };
}

import type { FrameBox } from '../../api/types.js';
import {
  contains,
  type Handle,
  hitHandle,
  moved,
  type Point,
  pulled,
  type Size,
  spanned,
  stretched,
  within,
} from './geometry.js';

/** What the pointer is doing. */
type Gesture =
  | { kind: 'pressed'; from: Point }
  | { kind: 'draw'; from: Point; to: Point }
  | { kind: 'move'; from: Point; before: FrameBox }
  | { kind: 'resize'; handle: Handle; before: FrameBox };

/** The boxes of one picture while somebody draws them. */
export interface BoxEditor {
  readonly picture: Size;
  readonly boxes: readonly FrameBox[];
  /** Place among the boxes. */
  readonly selected: number | null;
  /** Of the boxes that are drawn next. */
  readonly classId: string;
  readonly gesture: Gesture | null;
  readonly past: readonly Step[];
  readonly future: readonly Step[];
  /** Steps that go on with one another are taken back together: a run of nudges of one box. */
  readonly run: string | null;
}
type Step = Pick<BoxEditor, 'boxes' | 'selected'>;

export type BoxAction =
  /** `reach`: half the side of a handle, in pixels of the picture. */
  | { type: 'press'; at: Point; reach: number }
  /** `slack`: a pointer that went no further has not moved, in pixels of the picture. */
  | { type: 'drag'; to: Point; slack: number }
  | { type: 'release' }
  /** A second finger came, or the pointer was lost: as before the press. */
  | { type: 'cancel' }
  | { type: 'nudge'; dx: number; dy: number }
  | { type: 'stretch'; dx: number; dy: number }
  | { type: 'select'; place: number | null }
  | { type: 'cycle'; step: 1 | -1 }
  | { type: 'remove' }
  | { type: 'classify'; classId: string }
  | { type: 'add'; boxes: readonly FrameBox[] }
  | { type: 'undo' }
  | { type: 'redo' };

const undoDepth = 100;

export const editorOf = (picture: Size, boxes: readonly FrameBox[], classId: string): BoxEditor => ({
  ...{ picture, boxes, classId },
  ...{ selected: null, gesture: null, past: [], future: [], run: null },
});

/** The box that is being drawn; it is among `boxes` once the pointer is released. */
export function drawing({ gesture, picture, classId }: BoxEditor): FrameBox | null {
  if (gesture?.kind !== 'draw') return null;
  return { classId, ...within(spanned(gesture.from, gesture.to), picture) };
}

export function reduce(editor: BoxEditor, action: BoxAction): BoxEditor {
  switch (action.type) {
    case 'press':
      return press(editor, action.at, action.reach);
    case 'drag':
      return drag(editor, action.to, action.slack);
    case 'release':
      return release(editor);
    case 'cancel':
      return cancel(editor);
    case 'nudge':
      return change(editor, 'nudge', (box) => ({
        ...box,
        ...moved(box, action.dx, action.dy, editor.picture),
      }));
    case 'stretch':
      return change(editor, 'stretch', (box) => ({
        ...box,
        ...stretched(box, action.dx, action.dy, editor.picture),
      }));
    case 'classify':
      return classify(editor, action.classId);
    case 'select':
      return { ...editor, selected: action.place, run: null };
    case 'cycle':
      return cycle(editor, action.step);
    case 'remove':
      return remove(editor);
    case 'add':
      return add(editor, action.boxes);
    case 'undo':
      return back(editor);
    case 'redo':
      return again(editor);
  }
}

/** A handle of the selected box resizes it and its inside moves it; anywhere else begins a box, or, let go at once, selects. */
function press(editor: BoxEditor, at: Point, reach: number): BoxEditor {
  const before = selectedBox(editor);
  const handle = before && hitHandle(before, at, reach);
  const gesture: Gesture = handle
    ? { kind: 'resize', handle, before }
    : before && contains(before, at)
      ? { kind: 'move', from: at, before }
      : { kind: 'pressed', from: at };
  return { ...editor, gesture, run: null };
}

function drag(editor: BoxEditor, to: Point, slack: number): BoxEditor {
  const { gesture, picture } = editor;
  if (!gesture) return editor;
  if (gesture.kind === 'pressed') {
    const { from } = gesture;
    if (Math.abs(to.x - from.x) <= slack || Math.abs(to.y - from.y) <= slack) return editor;
    return { ...editor, selected: null, gesture: { kind: 'draw', from, to } };
  }
  if (gesture.kind === 'draw') return { ...editor, gesture: { ...gesture, to } };
  const { before } = gesture;
  const rect =
    gesture.kind === 'move'
      ? moved(before, to.x - gesture.from.x, to.y - gesture.from.y, picture)
      : pulled(before, gesture.handle, to, picture);
  return { ...editor, boxes: replaced(editor, { ...before, ...rect }) };
}

function release(editor: BoxEditor): BoxEditor {
  const { gesture } = editor;
  const rest = { ...editor, gesture: null };
  if (gesture === null) return editor;
  if (gesture.kind === 'pressed') return { ...rest, selected: smallestAt(editor, gesture.from) };
  if (gesture.kind === 'draw') return add(rest, [drawing(editor)!]);
  const unmoved = { ...rest, boxes: replaced(editor, gesture.before) };
  const after = selectedBox(editor)!;
  return same(after, gesture.before) ? unmoved : kept(unmoved, { boxes: editor.boxes });
}

function cancel(editor: BoxEditor): BoxEditor {
  const { gesture } = editor;
  const before = gesture && 'before' in gesture ? gesture.before : null;
  return { ...editor, gesture: null, boxes: before ? replaced(editor, before) : editor.boxes };
}

/** The class of the selected box, and of those that are drawn next. */
const classify = (editor: BoxEditor, classId: string): BoxEditor =>
  change({ ...editor, classId }, null, (box) => ({ ...box, classId }));

/** Through all boxes and then none. */
function cycle(editor: BoxEditor, step: 1 | -1): BoxEditor {
  const stops = editor.boxes.length + 1;
  const here = editor.selected ?? editor.boxes.length;
  const there = (here + step + stops) % stops;
  return { ...editor, run: null, selected: there === editor.boxes.length ? null : there };
}

function remove(editor: BoxEditor): BoxEditor {
  const { selected, boxes } = editor;
  if (selected === null) return editor;
  const left = boxes.filter((_, place) => place !== selected);
  return kept(editor, {
    boxes: left,
    selected: left.length === 0 ? null : Math.min(selected, left.length - 1),
  });
}

/** Those that are there already stay as they are; the last one that came is selected. */
function add(editor: BoxEditor, boxes: readonly FrameBox[]): BoxEditor {
  const { picture } = editor;
  const fresh = boxes
    .map((box) => ({ classId: box.classId, ...within(box, picture) }))
    .filter((box) => !editor.boxes.some((known) => same(known, box)));
  if (fresh.length === 0) return editor;
  const all = [...editor.boxes, ...fresh];
  return kept(editor, { boxes: all, selected: all.length - 1 });
}

function back(editor: BoxEditor): BoxEditor {
  const step = editor.past.at(-1);
  if (!step) return editor;
  const { boxes, selected } = editor;
  return {
    ...editor,
    ...step,
    past: editor.past.slice(0, -1),
    future: [...editor.future, { boxes, selected }],
    ...{ gesture: null, run: null },
  };
}

function again(editor: BoxEditor): BoxEditor {
  const step = editor.future.at(-1);
  if (!step) return editor;
  const { boxes, selected } = editor;
  return {
    ...editor,
    ...step,
    past: [...editor.past, { boxes, selected }],
    future: editor.future.slice(0, -1),
    ...{ gesture: null, run: null },
  };
}

/** Changes the selected box, as one step with those of the same run before it. */
function change(editor: BoxEditor, run: string | null, to: (box: FrameBox) => FrameBox): BoxEditor {
  const box = selectedBox(editor);
  if (!box) return editor;
  const after = to(box);
  if (same(box, after)) return editor;
  const key = run && `${run} ${editor.selected}`;
  const boxes = replaced(editor, after);
  return key !== null && editor.run === key
    ? { ...editor, boxes, future: [] }
    : { ...kept(editor, { boxes }), run: key };
}

const kept = (editor: BoxEditor, to: Partial<Step>): BoxEditor => ({
  ...editor,
  ...to,
  past: [...editor.past, { boxes: editor.boxes, selected: editor.selected }].slice(-undoDepth),
  ...{ future: [], run: null },
});

export const selectedBox = ({ boxes, selected }: BoxEditor): FrameBox | null =>
  selected === null ? null : (boxes[selected] ?? null);

const replaced = ({ boxes, selected }: BoxEditor, box: FrameBox): readonly FrameBox[] =>
  boxes.map((each, place) => (place === selected ? box : each));

const same = (a: FrameBox, b: FrameBox): boolean =>
  a.classId === b.classId && a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;

export const sameBoxes = (a: readonly FrameBox[], b: readonly FrameBox[]): boolean =>
  a.length === b.length && a.every((box, place) => same(box, b[place]!));

function smallestAt({ boxes }: BoxEditor, at: Point): number | null {
  const area = (place: number) => boxes[place]!.width * boxes[place]!.height;
  const hit = [...boxes.keys()].filter((place) => contains(boxes[place]!, at));
  return hit.length === 0 ? null : hit.reduce((best, place) => (area(place) < area(best) ? place : best));
}

import type { FrameBox } from '../../api/types.js';

/** Boxes that were drawn and not sent yet, where they survive a reload and a closed tab. */
export interface BoxDrafts {
  get(frameId: string): readonly FrameBox[] | undefined;
  set(frameId: string, boxes: readonly FrameBox[] | null): void;
  /** Boxes that the next frame is to begin with. */
  readonly carried: readonly FrameBox[] | null;
  carry(boxes: readonly FrameBox[] | null): void;
}

/** Where nothing is drawn. */
export const noDrafts: Pick<BoxDrafts, 'get' | 'set'> = { get: () => undefined, set() {} };

interface Kept {
  frames: [frameId: string, boxes: readonly FrameBox[]][];
  carried: readonly FrameBox[] | null;
}

/** Of more frames than anybody has before them at a time the oldest are forgotten. */
const mostFrames = 200;

export function storedDrafts(storage: Storage, userId: string): BoxDrafts {
  const key = `lineside.review-boxes.${userId}`;
  const kept = read(storage, key);
  const save = () => {
    if (kept.frames.length === 0 && kept.carried === null) storage.removeItem(key);
    else storage.setItem(key, JSON.stringify(kept));
  };
  return {
    get: (frameId) => kept.frames.find(([id]) => id === frameId)?.[1],
    set(frameId, boxes) {
      const others = kept.frames.filter(([id]) => id !== frameId);
      kept.frames = boxes
        ? [...others, [frameId, boxes] as Kept['frames'][number]].slice(-mostFrames)
        : others;
      save();
    },
    get carried() {
      return kept.carried;
    },
    carry(boxes) {
      kept.carried = boxes && boxes.length > 0 ? boxes : null;
      save();
    },
  };
}

function read(storage: Storage, key: string): Kept {
  try {
    const found = JSON.parse(storage.getItem(key) ?? 'null') as Kept | null;
    if (found && Array.isArray(found.frames)) return found;
  } catch {
    // Not ours: begin anew.
  }
  return { frames: [], carried: null };
}

import type { FrameBox, ReviewItem } from '../../api/types.js';
import type { BoxDrafts } from './drafts.js';
import { type BoxAction, type BoxEditor, editorOf, reduce, sameBoxes } from './editor.js';

/** The frame on screen, as far as boxes go. */
export type Shown = Pick<ReviewItem, 'boxes'> & {
  frame: Pick<ReviewItem['frame'], 'id' | 'width' | 'height'>;
};

/** The boxes of the frame on screen. What differs from the stored ones is a draft, kept until it goes with the answer. */
export class BoxDesk {
  readonly #drafts: BoxDrafts;
  readonly #watchers = new Set<() => void>();
  #shown: Shown | null = null;
  #editor: BoxEditor | null = null;
  #classId: string | null = null;

  constructor(drafts: BoxDrafts) {
    this.#drafts = drafts;
  }

  watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  /** Null: no frame is on screen. */
  getSnapshot = (): BoxEditor | null => this.#editor;

  /** How many boxes the next frame begins with. */
  getCarried = (): number => this.#drafts.carried?.length ?? 0;

  /** @param classId of the boxes that are drawn, until somebody chooses another */
  show(shown: Shown | null, classId: string): void {
    this.#shown = shown;
    if (shown) {
      const { id, width, height } = shown.frame;
      const boxes = this.#drafts.get(id) ?? shown.boxes;
      this.#editor = editorOf({ width, height }, boxes, this.#classId ?? classId);
      const { carried } = this.#drafts;
      if (carried) {
        this.#drafts.carry(null);
        this.#editor = { ...reduce(this.#editor, { type: 'add', boxes: carried }), selected: null };
        this.#keep();
      }
    } else this.#editor = null;
    this.#tell();
  }

  dispatch = (action: BoxAction): void => {
    if (!this.#editor) return;
    if (action.type === 'classify') this.#classId = action.classId;
    const before = this.#editor.boxes;
    this.#editor = reduce(this.#editor, action);
    if (this.#editor.gesture === null && (before !== this.#editor.boxes || action.type === 'release')) {
      this.#keep();
    }
    this.#tell();
  };

  /** The next frame that comes on screen begins with the boxes of this one too; once more takes that back. */
  copyToNext(): void {
    this.#drafts.carry(this.#drafts.carried ? null : (this.#editor?.boxes ?? null));
    this.#tell();
  }

  #keep(): void {
    if (!this.#shown || !this.#editor) return;
    const { boxes } = this.#editor;
    const drawn: readonly FrameBox[] | null = sameBoxes(boxes, this.#shown.boxes) ? null : boxes;
    this.#drafts.set(this.#shown.frame.id, drawn);
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher();
  }
}

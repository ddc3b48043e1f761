import { useMemo } from 'react';

/** Which frame's picture is on screen: nobody can tell what they have not seen. */
export interface Seen {
  /** The picture of this frame has come on screen. */
  readonly onShown: (frameId: string) => void;
  /** For how long it has been there, milliseconds; null: it cannot be seen yet. */
  readonly ageMs: (frameId: string) => number | null;
}

export const useSeen = (): Seen =>
  useMemo(() => {
    let shown = { frameId: '', atMs: 0 };
    return {
      onShown(frameId) {
        shown = { frameId, atMs: performance.now() };
      },
      ageMs: (frameId) => (shown.frameId === frameId ? performance.now() - shown.atMs : null),
    };
  }, []);

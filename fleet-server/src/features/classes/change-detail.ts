import { say } from '@lineside/shared';
/** What a change of the classes did, as it is kept. */
export type ClassChangeDetail =
  | { kind: 'create'; name: string }
  | { kind: 'rename'; from: string; to: string }
  | {
      kind: 'merge';
      name: string;
      into: string;
      intoName: string;
      /** Classes that had been merged into it before, and follow it. */
      redirected: string[];
      frames: number;
      boxes: number;
    }
  | { kind: 'split'; name: string; into: { id: string; name: string }[]; frames: number }
  | { kind: 'undo'; name: string; of: 'merge' | 'split'; frames: number };

const frames = (count: number): string =>
  count === 1 ? say('frames_one') : say('frames_many', { n: count });

/** In one sentence, for people. */
export function inWords(detail: ClassChangeDetail): string {
  switch (detail.kind) {
    case 'create':
      return say('class_added', { class: detail.name });
    case 'rename':
      return say('class_renamed', detail);
    case 'merge':
      return say('class_merged', {
        ...{ class: detail.name, into: detail.intoName, frames: frames(detail.frames) },
      });
    case 'split':
      return say('class_split', {
        ...{ class: detail.name, parts: listed(detail.into.map(({ name }) => name)) },
        frames: frames(detail.frames),
      });
    case 'undo':
      return say(detail.of === 'merge' ? 'class_merge_undone' : 'class_split_undone', {
        ...{ class: detail.name, frames: frames(detail.frames) },
      });
  }
}

/** `a, b and c` */
export const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

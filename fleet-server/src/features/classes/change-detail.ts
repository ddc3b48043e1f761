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

const frames = (count: number): string => (count === 1 ? '1 frame' : `${count} frames`);

/** In one sentence, for people. */
export function inWords(detail: ClassChangeDetail): string {
  switch (detail.kind) {
    case 'create':
      return `${detail.name} was added`;
    case 'rename':
      return `${detail.from} is called ${detail.to} now`;
    case 'merge':
      return `${detail.name} was merged into ${detail.intoName}: ${frames(detail.frames)}`;
    case 'split':
      return `${detail.name} was split into ${listed(detail.into.map(({ name }) => name))}: ${frames(detail.frames)} to label anew`;
    case 'undo':
      return `That ${detail.name} was ${detail.of === 'merge' ? 'merged' : 'split'} was taken back: ${frames(detail.frames)}`;
  }
}

/** `a, b and c` */
export const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

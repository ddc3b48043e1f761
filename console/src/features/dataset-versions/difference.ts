import type { ChangeKind } from '../../api/types.js';
import { phrases } from '../../i18n/index.js';

export const changeKinds = ['came', 'went', 'relabelled', 'moved', 'regrouped', 'redrawn'] as const;

export const changeWords: Record<ChangeKind, string> = phrases({
  came: 'came in',
  went: 'went out',
  relabelled: 'other class',
  moved: 'other split',
  regrouped: 'other group',
  redrawn: 'other boxes',
});

export interface DifferenceSearch {
  kind?: ChangeKind;
  /** Class, or split of `moved`, in the first version. */
  was?: string;
  /** The same in the second. */
  is?: string;
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** What the address says. */
export function readDifferenceSearch(search: Record<string, unknown>): DifferenceSearch {
  const kind = changeKinds.find((each) => each === search.kind);
  const [was, is] = [text(search.was), text(search.is)];
  return { ...(kind ? { kind } : {}), ...(was ? { was } : {}), ...(is ? { is } : {}) };
}

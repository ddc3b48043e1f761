import { useQuery } from '@tanstack/react-query';
import { classNamesQuery } from '../../api/queries.js';
import type { ChangeKind, DatasetDifference } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { integer } from '../../ui/format.js';
import type { DifferenceSearch } from './difference.js';
import classes from './versions.module.css';

interface Change {
  was: string | undefined;
  is: string | undefined;
  frames: number;
}

/** What a kind of change divides into: of those that came or went, by class; else from what to what. */
function changesOf(difference: DatasetDifference, kind: ChangeKind): Change[] {
  if (kind === 'relabelled' || kind === 'moved')
    return difference[kind].map(({ from, to, frames }) => ({ was: from, is: to, frames }));
  if (kind !== 'came' && kind !== 'went') return [];
  const byClass = new Map<string, number>();
  for (const { classId, frames } of difference[kind])
    byClass.set(classId, (byClass.get(classId) ?? 0) + frames);
  return [...byClass]
    .sort(([, a], [, b]) => b - a)
    .map(([id, frames]) => ({
      was: kind === 'went' ? id : undefined,
      is: kind === 'came' ? id : undefined,
      frames,
    }));
}

interface ChangeListProps {
  difference: DatasetDifference;
  kind: ChangeKind;
  search: DifferenceSearch;
  go: (search: { kind: ChangeKind; was?: string; is?: string }) => void;
}

export function ChangeList({ difference, kind, search, go }: ChangeListProps) {
  const names = useQuery(classNamesQuery).data;
  const changes = changesOf(difference, kind);
  if (changes.length === 0) return null;
  const splitWords: Record<string, string> = { train: t('Train'), test: t('Test') };
  const nameOf = (id: string) => (kind === 'moved' ? splitWords[id] : names?.get(id)) ?? id;
  return (
    <div className={classes.changes} data-testid="changes">
      {changes.map(({ was, is, frames }) => {
        const chosen = search.was === was && search.is === is;
        return (
          <button
            key={`${was} ${is}`}
            type="button"
            aria-pressed={chosen}
            onClick={() => go(chosen ? { kind } : { kind, ...(was ? { was } : {}), ...(is ? { is } : {}) })}
          >
            {was ? <span>{nameOf(was)}</span> : null}
            {was && is ? <i aria-hidden="true">→</i> : null}
            {is ? <span>{nameOf(is)}</span> : null}
            <b>{integer(frames)}</b>
          </button>
        );
      })}
    </div>
  );
}

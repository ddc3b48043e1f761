import { useQuery } from '@tanstack/react-query';
import { trainingRunQuery } from '../../api/queries.js';
import { t } from '../../i18n/index.js';
import { Note } from '../../ui/signal.js';
import { verdictTones, verdictWords } from './verdict.js';

/** What a run found of its model beside the champion, for whoever is about to roll it out; nothing where it is better. */
export function VerdictHint({ runId }: { runId: string | null }) {
  const run = useQuery({ ...trainingRunQuery(runId ?? ''), enabled: runId !== null });
  const comparison = run.data?.report?.comparison;
  if (!comparison || comparison.verdict === 'better') return null;
  return (
    <div data-testid="rollout-verdict">
      <Note tone={verdictTones[comparison.verdict]}>
        {verdictWords(comparison)}{' '}
        {comparison.verdict === 'not-compared' ? '' : t('The champion may as well stay.')}
      </Note>
    </div>
  );
}

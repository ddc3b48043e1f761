import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { client, unwrap } from '../../api/client.js';
import { keys } from '../../api/queries.js';
import { t } from '../../i18n/index.js';
import { Problem } from '../../ui/problem.js';
import { Note } from '../../ui/signal.js';
import type { Strategy } from './plan.js';
import type { Selection } from './selection-fields.js';

interface Draft {
  modelVersionId: string;
  strategy: Strategy;
  selection: Selection;
}

export const previewOf = (draft: Draft | null) => ({
  queryKey: [...keys.rollouts, 'preview', draft],
  queryFn: () => unwrap(client.POST('/api/v1/rollouts/preview', { body: draft! })),
  enabled: draft !== null,
  retry: false,
  placeholderData: keepPreviousData,
});

/** How many devices it would reach, and in which groups. */
export function PreviewNote({ draft, fourEyes }: { draft: Draft | null; fourEyes: boolean }) {
  const { data, error } = useQuery(previewOf(draft));
  if (error) return <Problem error={error} />;
  if (!data) return null;
  const { devices, online, running, groups, widest } = data;
  if (devices === 0) return <Note tone="warn">{t('There is no such device to roll out to.')}</Note>;
  const away = devices - online;
  const named = groups.map(({ name, devices: count, names }) => {
    const more = count > names.length ? ', …' : '';
    return `${name}: ${count} (${names.join(', ')}${more})`;
  });
  return (
    <div data-testid="rollout-preview">
      <Note tone={widest ? 'warn' : 'idle'}>
        {t('{{count, number}} devices', { count: devices })}
        {running > 0 ? t(', {{count, number}} of them run it already', { count: running }) : ''}.
        {away > 0
          ? t(' {{count, number}} devices are offline and will follow when back.', { count: away })
          : ''}{' '}
        {groups.length > 1
          ? t('{{named}}. A gate that fails pauses the rollout.', { named: named.join('; ') })
          : ''}
        {widest ? t(' The first group is more of the fleet than the rules allow at once.') : ''}
        {fourEyes ? t(' It waits until another admin approves it.') : ''}
      </Note>
    </div>
  );
}

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { client, unwrap } from '../../api/client.js';
import { keys } from '../../api/queries.js';
import { plural } from '../../ui/format.js';
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
  if (devices === 0) return <Note tone="warn">There is no such device to roll out to.</Note>;
  const away = devices - online;
  const named = groups.map(({ name, devices: count, names }) => {
    const more = count > names.length ? ', …' : '';
    return `${name}: ${count} (${names.join(', ')}${more})`;
  });
  return (
    <div data-testid="rollout-preview">
      <Note tone={widest ? 'warn' : 'idle'}>
        {plural(devices, 'device')}
        {running > 0 ? `, ${running} of them ${running === 1 ? 'runs' : 'run'} it already` : ''}.
        {away > 0 ? ` ${plural(away, 'device is', 'devices are')} offline and will follow when back.` : ''}{' '}
        {groups.length > 1 ? `${named.join('; ')}. A gate that fails pauses the rollout.` : ''}
        {widest ? ' The first group is more of the fleet than the rules allow at once.' : ''}
        {fourEyes ? ' It waits until another admin approves it.' : ''}
      </Note>
    </div>
  );
}

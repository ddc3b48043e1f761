import { Button } from '@mantine/core';
import {
  IconArrowBackUp,
  IconCheck,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerStop,
} from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { keys } from '../../api/queries.js';
import { useMay, useMe } from '../../api/session.js';
import type { Rollout } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { ConfirmDialog } from '../../ui/confirm.js';
import { notifyFailed } from '../../ui/notify.js';
import { can } from './states.js';

type Verb = 'approve' | 'start' | 'pause' | 'resume' | 'abort' | 'roll-back';

const perform = (verb: Verb, id: string): Promise<Rollout> => {
  const options = { params: { path: { id } } };
  switch (verb) {
    case 'approve':
      return unwrap(client.POST('/api/v1/rollouts/{id}/approve', options));
    case 'start':
      return unwrap(client.POST('/api/v1/rollouts/{id}/start', options));
    case 'pause':
      return unwrap(client.POST('/api/v1/rollouts/{id}/pause', options));
    case 'resume':
      return unwrap(client.POST('/api/v1/rollouts/{id}/resume', options));
    case 'abort':
      return unwrap(client.POST('/api/v1/rollouts/{id}/abort', options));
    case 'roll-back':
      return unwrap(client.POST('/api/v1/rollouts/{id}/roll-back', options));
  }
};

/** What one may do with the rollout as it stands. Pausing is instant; what devices feel is asked for first. */
export function RolloutActions({ rollout }: { rollout: Rollout }) {
  const admin = useMay('admin');
  const me = useMe();
  const queryClient = useQueryClient();
  const [asking, setAsking] = useState<'abort' | 'roll-back' | null>(null);
  const act = useMutation({
    mutationFn: (verb: Verb) => perform(verb, rollout.id),
    onSuccess: async () => {
      setAsking(null);
      await queryClient.invalidateQueries({ queryKey: keys.rollouts });
    },
    onError: (error, verb) => {
      if (verb !== 'abort' && verb !== 'roll-back') notifyFailed(t('The rollout did not change'), error);
    },
  });
  const { state, approvals } = rollout;
  const mayApprove =
    (can.approve(state) || can.start(state)) &&
    me.email !== rollout.createdBy &&
    approvals.some(({ role, by }) => by === null && role === me.role) &&
    !approvals.some(({ by }) => by === me.email);
  const button = (verb: Verb, label: string, icon: ReactNode, variant: 'filled' | 'default') => (
    <Button
      size="md"
      variant={variant}
      leftSection={icon}
      loading={act.isPending && act.variables === verb}
      onClick={() => {
        act.reset();
        if (verb === 'abort' || verb === 'roll-back') setAsking(verb);
        else act.mutate(verb);
      }}
      data-testid={`rollout-${verb}`}
    >
      {label}
    </Button>
  );
  const before = rollout.previousModelVersionId;
  const adminActions = (
    <>
      {can.start(state) ? button('start', t('Start'), <IconPlayerPlay size={18} />, 'filled') : null}
      {can.pause(state) ? button('pause', t('Pause'), <IconPlayerPause size={18} />, 'default') : null}
      {can.resume(state) ? button('resume', t('Resume'), <IconPlayerPlay size={18} />, 'filled') : null}
      {can.abort(state) ? button('abort', t('Abort'), <IconPlayerStop size={18} />, 'default') : null}
      {can.rollBack(state)
        ? button('roll-back', t('Roll back'), <IconArrowBackUp size={18} />, 'default')
        : null}
    </>
  );

  return (
    <>
      {mayApprove ? button('approve', t('Approve'), <IconCheck size={18} />, 'filled') : null}
      {admin ? adminActions : null}
      <ConfirmDialog
        opened={asking === 'abort'}
        onClose={() => setAsking(null)}
        title={t('Abort this rollout?')}
        confirm={t('Abort rollout')}
        danger
        action={{ ...act, mutate: () => act.mutate('abort') }}
      >
        {t(
          'No further device is updated. Devices keep what they run now: some {{modelVersionId}}, some {{before}}.',
          { modelVersionId: rollout.modelVersionId, before: before ?? t('what they had before') },
        )}
      </ConfirmDialog>
      <ConfirmDialog
        opened={asking === 'roll-back'}
        onClose={() => setAsking(null)}
        title={t('Roll back?')}
        confirm={before ? t('Roll back to {{before}}', { before }) : t('Roll back')}
        danger
        action={{ ...act, mutate: () => act.mutate('roll-back') }}
      >
        {t(
          'Every device that was told to run {{modelVersionId}} gets the model it ran before{{model}}, under a new release number. It starts at once.',
          { modelVersionId: rollout.modelVersionId, model: before ? ` (${before})` : '' },
        )}
      </ConfirmDialog>
    </>
  );
}

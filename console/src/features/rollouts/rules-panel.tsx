import { Button, Modal, NumberInput, Stack, Switch } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { keys, rolloutRulesQuery } from '../../api/queries.js';
import { useMay, useMe } from '../../api/session.js';
import type { RolloutRules, StandingRules } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Trans } from '../../i18n/trans.js';
import { FormEnd } from '../../ui/form-end.js';
import { moment, percent } from '../../ui/format.js';
import { notifyFailed } from '../../ui/notify.js';
import { Panel } from '../../ui/page.js';
import { Note } from '../../ui/signal.js';
import { ApprovalsInput } from './approvals-input.js';
import styles from './rollouts.module.css';

const inWords = ({ fourEyes, widestShare, approvals = [] }: RolloutRules): string =>
  `${fourEyes ? t('A second admin approves each rollout') : t('One admin is enough')}${
    approvals.length > 0
      ? t(', besides somebody as {{approvals}}', { approvals: approvals.join(t(' and as ')) })
      : ''
  }; ${
    widestShare >= 1
      ? t('all devices may be told at once')
      : t('at most {{widestShare}} of the fleet is told at once, ten devices always may be', {
          widestShare: percent(widestShare),
        })
  }.`;

/** What a rollout needs before it starts, and a change of that which waits for a second admin. */
export function RulesPanel() {
  const standing = useQuery(rolloutRulesQuery).data;
  const admin = useMay('admin');
  const [changing, change] = useDisclosure(false);
  if (!standing) return null;
  return (
    <Panel>
      <div className={styles.rules} data-testid="rollout-rules">
        <p>{inWords(standing.rules)}</p>
        {admin ? (
          <Button variant="default" size="md" onClick={change.open} data-testid="change-rollout-rules">
            {t('Change rules')}
          </Button>
        ) : null}
      </div>
      {standing.proposal ? <Proposal proposal={standing.proposal} /> : null}
      <Modal opened={changing} onClose={change.close} title={t('Before a rollout starts')} size="lg">
        {changing ? <RulesForm standing={standing} onClose={change.close} /> : null}
      </Modal>
    </Panel>
  );
}

function Proposal({ proposal }: { proposal: NonNullable<StandingRules['proposal']> }) {
  const me = useMe();
  const queryClient = useQueryClient();
  const approve = useMutation({
    mutationFn: () => unwrap(client.POST('/api/v1/rollouts/rules/approve')),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.rollouts }),
    onError: (error) => notifyFailed(t('The rules did not change'), error),
  });
  const own = proposal.by === me.email;
  return (
    <div className={styles.proposal}>
      <Note tone="warn">
        <Trans
          i18nKey={'Proposed by <b>{{by}}</b>, {{at}}: {{inWords}} {{another}}'}
          values={{
            by: proposal.by,
            at: moment(proposal.at),
            inWords: inWords(proposal.rules),
            another: own ? t('Another admin has to approve that.') : '',
          }}
          components={{ b: <b /> }}
        />
      </Note>
      {own || me.role !== 'admin' ? null : (
        <Button
          size="md"
          loading={approve.isPending}
          onClick={() => approve.mutate()}
          data-testid="approve-rules"
        >
          {t('Approve')}
        </Button>
      )}
    </div>
  );
}

function RulesForm({ standing, onClose }: { standing: StandingRules; onClose: () => void }) {
  const queryClient = useQueryClient();
  const [fourEyes, setFourEyes] = useState(standing.rules.fourEyes);
  const [approvals, setApprovals] = useState(standing.rules.approvals ?? []);
  const [share, setShare] = useState<number | string>(Math.round(100 * standing.rules.widestShare));
  const save = useMutation({
    mutationFn: () =>
      unwrap(
        client.PUT('/api/v1/rollouts/rules', {
          body: { fourEyes, widestShare: Number(share) / 100, approvals },
        }),
      ),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.rollouts });
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Switch
          size="md"
          label={t('Four eyes')}
          description={t(
            'An admin who did not stage a rollout approves it before it starts. Aborting and rolling back wait for nobody.',
          )}
          checked={fourEyes}
          onChange={(event) => setFourEyes(event.currentTarget.checked)}
          data-testid="rule-four-eyes"
        />
        <ApprovalsInput
          label={t('Roles that approve')}
          description={t('Somebody of each, other than who stages it; sites may name their own')}
          value={approvals}
          onChange={setApprovals}
        />
        <NumberInput
          label={t('Most of the fleet at once')}
          description={t(
            'What the first group of a rollout may hold; ten devices always may be told at once',
          )}
          min={0}
          max={100}
          suffix=" %"
          allowDecimal={false}
          value={share}
          onChange={setShare}
          required
        />
        {standing.rules.fourEyes ? (
          <Note tone="idle">{t('Rules are tightened at once. Looser ones wait for another admin.')}</Note>
        ) : null}
        <FormEnd work={save} leave={onClose} disabled={share === ''} testId="save-rollout-rules">
          {t('Save')}
        </FormEnd>
      </Stack>
    </form>
  );
}

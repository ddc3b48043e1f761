import { Button, Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconSwords } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { client, unwrap } from '../../api/client.js';
import { keys } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { Device } from '../../api/types.js';
import { phrases, t } from '../../i18n/index.js';
import { Trans } from '../../i18n/trans.js';
import { integer, percent } from '../../ui/format.js';
import { notifyDone, notifyFailed } from '../../ui/notify.js';
import { Panel } from '../../ui/page.js';
import { plainWords } from '../../ui/plain-words.js';
import { Note, Tag, type Tone } from '../../ui/signal.js';
import { ChallengerDialog } from './challenger-dialog.js';
import classes from './device.module.css';

type Shadow = NonNullable<NonNullable<Device['reported']>['shadow']>;
const phaseTones: Record<Shadow['phase'], Tone> = {
  idle: 'idle',
  downloading: 'busy',
  verifying: 'busy',
  held: 'warn',
  compiling: 'busy',
  self_testing: 'busy',
  active: 'ok',
  confirmed: 'ok',
  failed: 'bad',
};
const phaseWords: Record<Shadow['phase'], string> = phrases({
  idle: 'Waiting',
  downloading: 'Downloading',
  verifying: 'Verifying',
  held: 'Held by the plant',
  compiling: 'Compiling',
  self_testing: 'Testing itself',
  active: 'Running',
  confirmed: 'Running',
  failed: 'Failed',
});

/** A model that sees the same frames without acting, and how often it would have decided otherwise. */
export function ChallengerPanel({ device }: { device: Device }) {
  const engineer = useMay('engineer');
  const queryClient = useQueryClient();
  const [choosing, choose] = useDisclosure(false);
  const wanted = device.desiredChallenger;
  const shadow = device.reported?.shadow ?? null;
  const takeBack = useMutation({
    mutationFn: () =>
      unwrap(client.POST('/api/v1/challengers/take-back', { body: { deviceIds: [device.id] } })),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.devices });
      notifyDone(t('{{name}} goes on with its own model alone.', { name: device.name }));
    },
    onError: (error) => notifyFailed(t('The challenger was not taken back'), error),
  });
  return (
    <Panel title={t('Challenger')}>
      <div className={classes.column}>
        {wanted ? (
          <>
            <div className={classes.head}>
              <Tag
                tone={shadow?.version === wanted.version ? phaseTones[shadow.phase] : 'busy'}
                testId="challenger-phase"
              >
                {shadow?.version === wanted.version ? t(phaseWords[shadow.phase]) : t('On its way')}
              </Tag>
              <span>
                <Trans
                  i18nKey={'<b>{{version}}</b> sees <b>{{share}}</b> of the frames'}
                  values={{ version: wanted.version, share: percent(wanted.share) }}
                  components={{ b: <b /> }}
                />
              </span>
            </div>
            {shadow?.phase === 'failed' ? (
              <Note tone="bad" code={shadow.code ?? null}>
                {plainWords(shadow.code, shadow.message)}
              </Note>
            ) : null}
            {shadow ? <Comparison shadow={shadow} /> : null}
          </>
        ) : (
          <p className={classes.lead}>
            {t(
              'No challenger. A challenger sees the same frames as the model that decides, without acting; where the two disagree, the frame comes to the review queue.',
            )}
          </p>
        )}
        {engineer ? (
          <Group gap={10}>
            <Button
              size="md"
              variant={wanted ? 'default' : 'filled'}
              leftSection={<IconSwords size={18} />}
              onClick={choose.open}
              data-testid="set-challenger"
            >
              {wanted ? t('Change') : t('Set a challenger')}
            </Button>
            {wanted ? (
              <Button
                size="md"
                variant="default"
                loading={takeBack.isPending}
                onClick={() => takeBack.mutate()}
                data-testid="take-challenger-back"
              >
                {t('Take back')}
              </Button>
            ) : null}
          </Group>
        ) : null}
      </div>
      <ChallengerDialog
        opened={choosing}
        onClose={choose.close}
        deviceIds={[device.id]}
        modelId={wanted?.version ?? null}
        share={wanted?.share ?? 0.25}
      />
    </Panel>
  );
}

function Comparison({ shadow }: { shadow: Shadow }) {
  return (
    <dl className={classes.numbers}>
      <div>
        <dt>{t('Compared')}</dt>
        <dd data-testid="challenger-compared">{integer(shadow.compared)}</dd>
      </div>
      <div>
        <dt>{t('Disagreed')}</dt>
        <dd>{integer(shadow.disagreed)}</dd>
      </div>
      <div>
        <dt>{t('Share')}</dt>
        <dd>{shadow.compared > 0 ? percent(shadow.disagreed / shadow.compared, 1) : '–'}</dd>
      </div>
    </dl>
  );
}

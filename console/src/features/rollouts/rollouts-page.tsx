import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus, IconRocket } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { rolloutsQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { Rollout } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Ago } from '../../ui/clock.js';
import { Blank, Loaded, Page, Panel } from '../../ui/page.js';
import classes from '../../ui/page.module.css';
import { Tag } from '../../ui/signal.js';
import { CreateRolloutDialog } from './create-rollout-dialog.js';
import { StopButton, StoppedNote } from './fleet-stop.js';
import styles from './rollouts.module.css';
import { RulesPanel } from './rules-panel.js';
import { SitesPanel } from './sites-panel.js';
import { rolloutTones, rolloutWords, strategyWords } from './states.js';

export function RolloutsPage() {
  const rollouts = useQuery(rolloutsQuery);
  const admin = useMay('admin');
  const [creating, create] = useDisclosure(false);
  const newRollout = admin ? (
    <Button size="md" leftSection={<IconPlus size={18} />} onClick={create.open} data-testid="new-rollout">
      {t('New rollout')}
    </Button>
  ) : null;
  return (
    <Page
      title={t('Rollouts')}
      actions={
        <>
          <StopButton />
          {newRollout}
        </>
      }
    >
      <StoppedNote />
      <Loaded query={rollouts}>
        {(items) =>
          items.length === 0 ? (
            <Panel>
              <Blank icon={IconRocket} title={t('Nothing has been rolled out yet')} action={newRollout}>
                {t(
                  'A rollout brings a model to the cameras step by step, and can be paused or taken back at any time.',
                )}
              </Blank>
            </Panel>
          ) : (
            <Panel flush>
              <RolloutTable rollouts={items} />
            </Panel>
          )
        }
      </Loaded>
      <RulesPanel />
      <SitesPanel />
      <CreateRolloutDialog opened={creating} onClose={create.close} modelId={null} />
    </Page>
  );
}

function RolloutTable({ rollouts }: { rollouts: Rollout[] }) {
  const navigate = useNavigate();
  return (
    <div className={classes.scroll}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th>{t('Rollout')}</th>
            <th>{t('State')}</th>
            <th>{t('Model')}</th>
            <th>{t('Devices')}</th>
            <th className={classes.wide}>{t('Strategy')}</th>
            <th>{t('Started')}</th>
          </tr>
        </thead>
        <tbody>
          {rollouts.map((rollout) => (
            <tr
              key={rollout.id}
              className={classes.clickable}
              onClick={() => void navigate({ to: '/rollouts/$rolloutId', params: { rolloutId: rollout.id } })}
            >
              <td className={classes.nowrap}>
                <Link to="/rollouts/$rolloutId" params={{ rolloutId: rollout.id }} className={classes.link}>
                  {t('Rollout {{number}}', { number: rollout.number })}
                </Link>
              </td>
              <td>
                <Tag tone={rolloutTones[rollout.state]}>{t(rolloutWords[rollout.state])}</Tag>
              </td>
              <td>
                <b>{rollout.modelVersionId}</b>{' '}
                {rollout.previousModelVersionId ? (
                  <span className={classes.dim}>
                    {t('after {{previousModelVersionId}}', {
                      previousModelVersionId: rollout.previousModelVersionId,
                    })}
                  </span>
                ) : null}
              </td>
              <td>
                <Reach rollout={rollout} />
              </td>
              <td className={`${classes.dim} ${classes.wide}`}>{strategyWords(rollout.strategy)}</td>
              <td>
                <Ago at={rollout.startedAt ?? rollout.createdAt} />{' '}
                <span className={`${classes.dim} ${classes.wide}`}>
                  {t('by {{createdBy}}', { createdBy: rollout.createdBy })}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** How many devices have arrived, how many failed, of how many. */
export function Reach({ rollout }: { rollout: Rollout }) {
  const sum = (pick: (group: Rollout['groups'][number]) => number) =>
    rollout.groups.reduce((total, group) => total + pick(group), 0);
  const devices = sum((group) => group.devices);
  const confirmed = sum((group) => group.confirmed);
  const failed = sum((group) => group.failed);
  const share = (count: number) => `${devices > 0 ? (count / devices) * 100 : 0}%`;
  return (
    <span className={styles.reach}>
      <span className={styles.bar} aria-hidden>
        <i className={styles.arrived} style={{ width: share(confirmed) }} />
        <i className={styles.fallen} style={{ width: share(failed) }} />
      </span>
      {t('{{confirmed}} of {{devices}}', { confirmed, devices })}
      {failed > 0 ? <span className={styles.failedCount}>{t('{{failed}} failed', { failed })}</span> : null}
    </span>
  );
}

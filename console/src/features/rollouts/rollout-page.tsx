import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { rolloutQuery } from '../../api/queries.js';
import type { Execution, Rollout } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Trans } from '../../i18n/trans.js';
import { Ago, useNow } from '../../ui/clock.js';
import { duration, moment, percent } from '../../ui/format.js';
import { Loaded, Page } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import { plainWords } from '../../ui/plain-words.js';
import { said } from '../../ui/said.js';
import { Note, Tag } from '../../ui/signal.js';
import { roleNames } from '../people/roles.js';
import { StoppedNote } from './fleet-stop.js';
import { gateWords } from './plan.js';
import { QualityTable } from './quality-table.js';
import { RolloutActions } from './rollout-actions.js';
import styles from './rollouts.module.css';
import { Reach } from './rollouts-page.js';
import { selectionWords } from './selection-fields.js';
import {
  executionTones,
  executionWords,
  groupTones,
  groupWords,
  rolloutTones,
  rolloutWords,
  steps,
  stepsDone,
  strategyWords,
} from './states.js';
import { TimelinePanel } from './timeline-panel.js';

const route = getRouteApi('/shell/rollouts/$rolloutId');

export function RolloutPage() {
  const { rolloutId } = route.useParams();
  const query = useQuery(rolloutQuery(rolloutId));
  const rollout = query.data?.rollout;
  return (
    <Page
      title={
        rollout
          ? t('Rollout {{number}}: {{modelVersionId}}', {
              number: rollout.number,
              modelVersionId: rollout.modelVersionId,
            })
          : t('Rollout')
      }
      sub={
        <Link to="/rollouts" className={pageClasses.link}>
          {t('All rollouts')}
        </Link>
      }
      actions={rollout ? <RolloutActions rollout={rollout} /> : null}
    >
      <StoppedNote />
      <Loaded query={query}>
        {(data) => (
          <>
            <Facts rollout={data.rollout} />
            <TimelinePanel rollout={data.rollout} events={data.events} timeZones={data.timeZones} />
            {data.rollout.groups.map((group) => (
              <GroupView
                key={group.index}
                group={group}
                executions={data.executions.filter((execution) => execution.group === group.index)}
              />
            ))}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Facts({ rollout }: { rollout: Rollout }) {
  const approved = rollout.approvals.filter(({ by }) => by !== null);
  const missing = rollout.approvals.filter(({ by }) => by === null);
  return (
    <>
      <div className={styles.facts}>
        <span className={styles.state} data-testid="rollout-state" data-state={rollout.state}>
          <Tag tone={rolloutTones[rollout.state]}>{t(rolloutWords[rollout.state])}</Tag>
        </span>
        <Reach rollout={rollout} />
        <span>{strategyWords(rollout.strategy)}</span>
        {selectionWords(rollout.selection) ? <span>{selectionWords(rollout.selection)}</span> : null}
        {rollout.previousModelVersionId ? (
          <span>
            <Trans
              i18nKey={'Before: <b>{{previousModelVersionId}}</b>'}
              values={{ previousModelVersionId: rollout.previousModelVersionId }}
              components={{ b: <b /> }}
            />
          </span>
        ) : null}
        <span>
          <Trans
            i18nKey={'{{startedAt}} by <b>{{createdBy}}</b>'}
            values={{
              startedAt: moment(rollout.startedAt ?? rollout.createdAt),
              createdBy: rollout.createdBy,
            }}
            components={{ b: <b /> }}
          />
        </span>
        {approved.map(({ role, by }) => (
          <span key={role}>
            <Trans
              i18nKey={'Approved by <b>{{by}}</b>, {{role}}'}
              values={{ by, role: t(roleNames[role]) }}
              components={{ b: <b /> }}
            />
          </span>
        ))}
        <span>
          <Trans
            i18nKey={'Release <b>{{releaseCounter}}</b>'}
            values={{ releaseCounter: rollout.releaseCounter }}
            components={{ b: <b /> }}
          />
        </span>
      </div>
      {rollout.state === 'awaiting_approval' ? (
        <Note tone="warn">
          {t('Before it can start, somebody other than {{createdBy}} has to approve it as {{missing}}.', {
            createdBy: rollout.createdBy,
            missing: missing.map(({ role }) => t(roleNames[role])).join(t(', and somebody as ')),
          })}
        </Note>
      ) : null}
      {rollout.reason ? (
        <Note tone={rollout.state === 'finished' ? 'idle' : 'warn'}>{said(rollout.reason)}</Note>
      ) : null}
    </>
  );
}

type Group = Rollout['groups'][number];

function GroupView({ group, executions }: { group: Group; executions: Execution[] }) {
  const now = useNow();
  const soakLeft = group.soakEndsAt ? (new Date(group.soakEndsAt).getTime() - now) / 1000 : 0;
  return (
    <section className={pageClasses.panel} data-testid={`group-${group.index}`}>
      <header className={styles.groupHead}>
        <h2>{group.name}</h2>
        <Tag tone={groupTones[group.state]}>{t(groupWords[group.state])}</Tag>
        <span>
          {[
            t('{{confirmed}} of {{count, number}} devices confirmed', {
              count: group.devices,
              confirmed: group.confirmed,
            }) + failureCounts(group),
            ...(group.waiting > 0 && group.state !== 'scheduled'
              ? [t('{{waiting}} not told yet', { waiting: group.waiting })]
              : []),
            ...(group.held > 0 ? [t('{{held}} held by the plant', { held: group.held })] : []),
            ...(group.away > 0 ? [t('{{away}} offline', { away: group.away })] : []),
          ].join(', ')}
        </span>
        {group.state === 'soaking' && soakLeft > 0 ? (
          <span>{t('Soak ends in {{soakLeft}}', { soakLeft: duration(soakLeft) })}</span>
        ) : null}
        {group.state === 'shadowing' ? (
          <span>
            {soakLeft > 0
              ? t('Decides nothing yet, at least {{soakLeft}} more', { soakLeft: duration(soakLeft) })
              : t('Decides nothing yet, until enough was seen')}
          </span>
        ) : null}
        <span className={styles.gate}>
          {t('Gate: {{gateWords}}', { gateWords: gateWords(group.gate).join(', ') })}
        </span>
      </header>
      {group.quality.length === 0 ? (
        <QualityTable conditions={group.trial} needed={group.gate.shadow?.quality.observations ?? 0} />
      ) : (
        <QualityTable conditions={group.quality} needed={group.gate.quality?.observations ?? 0} />
      )}
      <ul className={styles.executions}>
        {executions.map((execution) => (
          <ExecutionRow key={execution.deviceId} execution={execution} />
        ))}
      </ul>
    </section>
  );
}

function failureCounts({ failures }: Group): string {
  const words = { failed: 'failed', rejected: 'rejected', timed_out: t('timed out') };
  return (['failed', 'rejected', 'timed_out'] as const)
    .filter((kind) => failures[kind] > 0)
    .map((kind) => `, ${failures[kind]} ${words[kind]}`)
    .join('');
}

function ExecutionRow({ execution }: { execution: Execution }) {
  const { state, progress, code, message } = execution;
  const done = stepsDone(state);
  const tone = executionTones[state];
  const share = state === 'downloading' && progress !== null ? ` ${percent(progress)}` : '';
  return (
    <li className={styles.execution} data-testid={`execution-${execution.deviceId}`} data-state={state}>
      <Link to="/" search={{ device: execution.deviceId }} className={styles.device}>
        {execution.deviceName}
      </Link>
      <span className={styles.track} data-tone={tone} aria-hidden>
        {steps.map((step, place) => (
          <i
            key={step}
            data-done={place < done ? '' : undefined}
            data-now={place === done - 1 && tone === 'busy' ? '' : undefined}
            title={t(executionWords[step])}
          />
        ))}
      </span>
      <span className={styles.executionState}>
        <Tag tone={tone}>
          {t(executionWords[state])}
          {share}
        </Tag>
      </span>
      <span className={styles.when}>
        <Ago at={execution.updatedAt} />
      </span>
      {code || (message && tone === 'bad') ? (
        <span className={styles.why}>
          <Note tone={tone === 'bad' ? 'bad' : 'warn'} code={code}>
            {plainWords(code, message)}
          </Note>
        </span>
      ) : null}
    </li>
  );
}

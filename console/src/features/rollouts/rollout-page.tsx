import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { rolloutQuery } from '../../api/queries.js';
import type { Execution, Rollout } from '../../api/types.js';
import { Ago, useNow } from '../../ui/clock.js';
import { duration, moment, percent, plural } from '../../ui/format.js';
import { Loaded, Page } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import { plainWords } from '../../ui/plain-words.js';
import { Note, Tag } from '../../ui/signal.js';
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
      title={rollout ? `Rollout ${rollout.number}: ${rollout.modelVersionId}` : 'Rollout'}
      sub={
        <Link to="/rollouts" className={pageClasses.link}>
          All rollouts
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
          <Tag tone={rolloutTones[rollout.state]}>{rolloutWords[rollout.state]}</Tag>
        </span>
        <Reach rollout={rollout} />
        <span>{strategyWords(rollout.strategy)}</span>
        {selectionWords(rollout.selection) ? <span>{selectionWords(rollout.selection)}</span> : null}
        {rollout.previousModelVersionId ? (
          <span>
            Before: <b>{rollout.previousModelVersionId}</b>
          </span>
        ) : null}
        <span>
          {moment(rollout.startedAt ?? rollout.createdAt)} by <b>{rollout.createdBy}</b>
        </span>
        {approved.map(({ role, by }) => (
          <span key={role}>
            Approved by <b>{by}</b>, {role}
          </span>
        ))}
        <span>
          Release <b>{rollout.releaseCounter}</b>
        </span>
      </div>
      {rollout.state === 'awaiting_approval' ? (
        <Note tone="warn">
          Before it can start, somebody other than {rollout.createdBy} has to approve it as{' '}
          {missing.map(({ role }) => role).join(', and somebody as ')}.
        </Note>
      ) : null}
      {rollout.reason ? (
        <Note tone={rollout.state === 'finished' ? 'idle' : 'warn'}>{rollout.reason}</Note>
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
        <Tag tone={groupTones[group.state]}>{groupWords[group.state]}</Tag>
        <span>
          {group.confirmed} of {plural(group.devices, 'device')} confirmed
          {failureCounts(group)}
          {group.waiting > 0 && group.state !== 'scheduled' ? `, ${group.waiting} not told yet` : ''}
          {group.held > 0 ? `, ${group.held} held by the plant` : ''}
          {group.away > 0 ? `, ${group.away} offline` : ''}
        </span>
        {group.state === 'soaking' && soakLeft > 0 ? <span>Soak ends in {duration(soakLeft)}</span> : null}
        {group.state === 'shadowing' ? (
          <span>
            Decides nothing yet
            {soakLeft > 0 ? `, at least ${duration(soakLeft)} more` : ', until enough was seen'}
          </span>
        ) : null}
        <span className={styles.gate}>Gate: {gateWords(group.gate).join(', ')}</span>
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
  const words = { failed: 'failed', rejected: 'rejected', timed_out: 'timed out' };
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
            title={executionWords[step]}
          />
        ))}
      </span>
      <span className={styles.executionState}>
        <Tag tone={tone}>
          {executionWords[state]}
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

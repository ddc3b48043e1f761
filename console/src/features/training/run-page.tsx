import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconRocket } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { classesQuery, trainingRunQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { TrainingRun } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Trans } from '../../i18n/trans.js';
import { useNow } from '../../ui/clock.js';
import { duration, integer, moment, ordinal } from '../../ui/format.js';
import { Loaded, Page } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import { plainWords } from '../../ui/plain-words.js';
import { Note, Tag } from '../../ui/signal.js';
import { leaksIn } from '../dataset-versions/leaks.js';
import { CreateRolloutDialog } from '../rollouts/create-rollout-dialog.js';
import { SweepView } from '../sweeps/sweep-view.js';
import { readAnomalyReport } from './anomaly-report.js';
import { AnomalyView } from './anomaly-view.js';
import { ComparisonPanel } from './comparison-panel.js';
import { InputSizePanel } from './input-size-panel.js';
import { LearningCurvePanel } from './learning-curve-panel.js';
import { readReport } from './report.js';
import { ReportView } from './report-view.js';
import { RunProgress } from './run-progress.js';
import { isUnderWay, ruleWords, runSeconds, runTones, runWords } from './run-state.js';
import { WornOut } from './test-set-panel.js';
import classes from './training.module.css';

const route = getRouteApi('/shell/training/$runId');

export function RunPage() {
  const { runId } = route.useParams();
  const run = useQuery(trainingRunQuery(runId));
  const admin = useMay('admin');
  const [rollingOut, rollout] = useDisclosure(false);
  const model = run.data?.state === 'succeeded' ? run.data.modelVersionId : null;
  return (
    <Page
      title={
        run.data
          ? `${run.data.kind === 'sweep' ? t('Bake-off') : t('Training run')} ${run.data.number}`
          : t('Training run')
      }
      sub={
        <Link to="/training" className={pageClasses.link}>
          {t('All runs')}
        </Link>
      }
      actions={
        admin && model ? (
          <Button
            size="md"
            leftSection={<IconRocket size={18} />}
            onClick={rollout.open}
            data-testid="roll-out"
          >
            {t('Roll out {{model}}', { model })}
          </Button>
        ) : null
      }
    >
      <Loaded query={run}>{(data) => <RunDetail run={data} />}</Loaded>
      {model ? <CreateRolloutDialog opened={rollingOut} onClose={rollout.close} modelId={model} /> : null}
    </Page>
  );
}

function RunDetail({ run }: { run: TrainingRun }) {
  const now = useNow();
  const classList = useQuery(classesQuery).data ?? [];
  const anomaly = readAnomalyReport(run.report);
  const names = new Map(classList.map(({ id, name }) => [id, name]));
  const sweep = run.kind === 'sweep';
  const report = anomaly || sweep ? null : readReport(run.report, names);
  const comparison = run.report?.comparison;
  const testSet = run.report?.testSet;
  const inputSize = run.report?.inputSize;
  const curve = run.report?.learningCurve;
  const seconds = runSeconds(run, now);
  return (
    <>
      <div className={classes.facts}>
        <Tag tone={runTones[run.state]} testId="training-state">
          {t(runWords[run.state])}
        </Tag>
        <span>
          <Trans
            i18nKey={'Dataset <a>{{datasetNumber}}</a>'}
            values={{ datasetNumber: run.datasetNumber }}
            components={{
              a: (
                <Link
                  to="/dataset/versions/$versionId"
                  params={{ versionId: run.datasetVersionId }}
                  className={pageClasses.link}
                />
              ),
            }}
          />
        </span>
        {testSet ? (
          <span data-testid="training-test-set">
            <Trans
              i18nKey={'Test set <b>v{{version}}</b>, {{ordinal}} look'}
              values={{ version: testSet.version, ordinal: ordinal(testSet.look) }}
              components={{ b: <b /> }}
            />
          </span>
        ) : null}
        {sweep || run.architecture === 'default' ? null : (
          <span>
            <Trans
              i18nKey={'Architecture <b>{{architecture}}</b>'}
              values={{ architecture: run.architecture }}
              components={{ b: <b /> }}
            />
          </span>
        )}
        {sweep ? <span>{t('Bake-off')}</span> : null}
        {run.kind === 'anomaly' ? <span>{t('Anomaly model')}</span> : null}
        {run.modelVersionId ? (
          <span>
            <Trans
              i18nKey={'Model <b>{{modelVersionId}}</b>'}
              values={{ modelVersionId: run.modelVersionId }}
              components={{ b: <b /> }}
            />
          </span>
        ) : null}
        <span>
          <Trans
            i18nKey={'Started <b>{{createdAt}}</b> by <b>{{ruleWords}}</b>'}
            values={{
              createdAt: moment(run.createdAt),
              ruleWords: run.rule ? t(ruleWords[run.rule]) : run.createdBy,
            }}
            components={{ b: <b /> }}
          />
        </span>
        {seconds !== null && run.finishedAt ? (
          <span>
            <Trans
              i18nKey={'Took <b>{{seconds}}</b>'}
              values={{ seconds: duration(seconds) }}
              components={{ b: <b /> }}
            />
          </span>
        ) : null}
      </div>
      {isUnderWay(run) ? <RunProgress run={run} /> : null}
      {run.error ? (
        <Note tone="bad" code={run.error.code}>
          {plainWords(run.error.code, run.error.message)} {run.error.message}
        </Note>
      ) : null}
      {anomaly ? <AnomalyView report={anomaly} modelId={run.modelVersionId} /> : null}
      {run.leaks?.found && leaksIn(run.leaks) > 0 ? <Leaky run={run} /> : null}
      {testSet && testSet.look > testSet.mostLooks ? <WornOut version={testSet.version} /> : null}
      {sweep && run.state === 'succeeded' ? <SweepView run={run} names={names} /> : null}
      {comparison ? <ComparisonPanel comparison={comparison} names={names} /> : null}
      {report ? <ReportView report={report} runId={run.id} /> : null}
      {inputSize ? <InputSizePanel inputSize={inputSize} /> : null}
      {curve === undefined ? null : <LearningCurvePanel curve={curve} names={names} />}
    </>
  );
}

/** The version tests on what it taught, so that the figures below are too good. */
function Leaky({ run }: { run: TrainingRun }) {
  const frames = run.leaks ? leaksIn(run.leaks) : 0;
  return (
    <Note tone="warn">
      <span data-testid="run-leaks">
        {t(
          '{{frames}} test frames of its dataset version have their like in training: figures on them are too good.',
          {
            frames: integer(frames),
          },
        )}{' '}
        <Link
          to="/dataset/versions/$versionId"
          params={{ versionId: run.datasetVersionId }}
          className={pageClasses.link}
        >
          {t('Show them')}
        </Link>
      </span>
    </Note>
  );
}

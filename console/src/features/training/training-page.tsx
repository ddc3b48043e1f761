import { IconBrain } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { trainingRunsQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { Comparison, TrainingRun } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Ago } from '../../ui/clock.js';
import { duration, percent } from '../../ui/format.js';
import { Blank, Loaded, Page, Panel } from '../../ui/page.js';
import classes from '../../ui/page.module.css';
import { Tag } from '../../ui/signal.js';
import { ArchitecturesPanel } from '../architectures/architectures-panel.js';
import { readReport } from './report.js';
import { RetrainPanel } from './retrain-panel.js';
import { RunProgress } from './run-progress.js';
import { isUnderWay, runSeconds, runTones, runWords } from './run-state.js';
import { StartPanel } from './start-panel.js';
import { TestSetPanel } from './test-set-panel.js';
import { shortVerdicts, verdictTones } from './verdict.js';

export function TrainingPage() {
  const runs = useQuery(trainingRunsQuery);
  const engineer = useMay('engineer');
  const underWay = runs.data?.filter(isUnderWay) ?? [];
  return (
    <Page title={t('Training')}>
      {underWay.map((run) => (
        <RunProgress key={run.id} run={run} />
      ))}
      {engineer && underWay.length === 0 ? <StartPanel busy={runs.data === undefined} /> : null}
      <TestSetPanel />
      {runs.data?.length ? <RetrainPanel /> : null}
      <Loaded query={runs}>
        {(items) =>
          items.length === 0 ? (
            <Panel>
              <Blank icon={IconBrain} title={t('No model has been trained yet')}>
                {t('Label frames in Review, then train. Every run stays here with its report.')}
              </Blank>
            </Panel>
          ) : (
            <Panel flush>
              <RunTable runs={items} />
            </Panel>
          )
        }
      </Loaded>
      <ArchitecturesPanel />
    </Page>
  );
}

/** Whether the model of a run was better than the champion; nothing where the two were not compared. */
function Verdict({ comparison }: { comparison: Comparison | undefined }) {
  if (!comparison || comparison.verdict === 'not-compared') return null;
  return <Tag tone={verdictTones[comparison.verdict]}>{t(shortVerdicts[comparison.verdict])}</Tag>;
}

const noNames = new Map<string, string>();

function RunTable({ runs }: { runs: TrainingRun[] }) {
  const navigate = useNavigate();
  return (
    <div className={classes.scroll}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th>{t('Run')}</th>
            <th>{t('State')}</th>
            <th className={classes.wide}>{t('Dataset')}</th>
            <th className={classes.num}>{t('Balanced accuracy')}</th>
            <th>{t('Model')}</th>
            <th>{t('Started')}</th>
            <th className={`${classes.num} ${classes.wide}`}>{t('Took')}</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => {
            const report = readReport(run.report, noNames);
            const evaluation = report?.heldOut ?? report?.outOfFold;
            const seconds = run.finishedAt ? runSeconds(run, 0) : null;
            return (
              <tr
                key={run.id}
                className={classes.clickable}
                onClick={() => void navigate({ to: '/training/$runId', params: { runId: run.id } })}
              >
                <td>
                  <Link to="/training/$runId" params={{ runId: run.id }} className={classes.link}>
                    {run.kind === 'sweep' ? t('Bake-off') : t('Run')} {run.number}
                  </Link>
                </td>
                <td>
                  <Tag tone={runTones[run.state]}>{t(runWords[run.state])}</Tag>
                </td>
                <td className={classes.wide}>
                  {t('Dataset {{datasetNumber}}', { datasetNumber: run.datasetNumber })}
                </td>
                <td className={classes.num}>
                  {evaluation && evaluation.balancedAccuracy !== null ? (
                    <>
                      <b>{percent(evaluation.balancedAccuracy, 1)}</b>{' '}
                      <span className={classes.dim}>n = {evaluation.n}</span>
                    </>
                  ) : (
                    '–'
                  )}
                </td>
                <td className={classes.strong}>
                  {run.modelVersionId ?? '–'} <Verdict comparison={run.report?.comparison} />
                </td>
                <td>
                  <Ago at={run.createdAt} />{' '}
                  <span className={`${classes.dim} ${classes.wide}`}>
                    {t('by {{createdBy}}', { createdBy: run.createdBy })}
                  </span>
                </td>
                <td className={`${classes.num} ${classes.wide}`}>
                  {seconds === null ? '–' : duration(seconds)}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

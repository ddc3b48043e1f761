import { useQuery } from '@tanstack/react-query';
import { runAnswersQuery } from '../../api/queries.js';
import { t } from '../../i18n/index.js';
import { Trans } from '../../i18n/trans.js';
import { integer, percent } from '../../ui/format.js';
import { Figure, Figures, Panel } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import { Note } from '../../ui/signal.js';
import { BackbonePanel } from './backbone-panel.js';
import { CalibrationPanel } from './calibration-panel.js';
import { ConfusionMatrix } from './confusion-matrix.js';
import type { ClassFigures, Decision, Evaluation, Report, Share } from './report.js';
import { ThresholdExplorer } from './threshold-explorer.js';
import classes from './training.module.css';
import { VariantsPanel } from './variants-panel.js';

/** Below this many frames a figure moves by several points on the next frame: say so. */
const fewFrames = 100;

export function ReportView({ report, runId }: { report: Report; runId: string }) {
  const answers = useQuery(runAnswersQuery(runId)).data;
  const kept = answers?.basis ? answers : null;
  const evaluation = report.heldOut ?? report.outOfFold;
  return (
    <div className={classes.report} data-testid="training-report">
      {evaluation ? (
        <Evaluated
          evaluation={evaluation}
          heldOut={evaluation === report.heldOut}
          runId={kept ? runId : null}
        />
      ) : (
        <Note tone="warn">
          {t('There were too few labels to measure this model. Label more frames and train again.')}
        </Note>
      )}
      {report.skipped > 0 ? (
        <Note tone="warn">
          {t('{{count, number}} frames could not be read and took no part.', { count: report.skipped })}
        </Note>
      ) : null}
      {report.decision ? (
        <DecidesAlone
          decision={report.decision}
          answerable={evaluation?.perClass ?? []}
          runId={kept ? runId : null}
        />
      ) : null}
      {kept && kept.calibration.length > 2 ? <CalibrationPanel answers={kept} /> : null}
      {report.fineTuning ? <BackbonePanel tuning={report.fineTuning} /> : null}
      {report.variants ? <VariantsPanel variants={report.variants} /> : null}
    </div>
  );
}

const shareOf = (share: number | null, digits: 0 | 1 = 0) => (share === null ? '–' : percent(share, digits));
const rangeOf = ({ low, high }: Share): string =>
  low === null || high === null
    ? ''
    : t('95% interval {{low}} to {{high}}', { low: percent(low), high: percent(high) });

function Evaluated(props: { evaluation: Evaluation; heldOut: boolean; runId: string | null }) {
  const { evaluation, heldOut, runId } = props;
  const { n, accuracy, balancedAccuracy, calibrationError } = evaluation;
  const how = heldOut
    ? t('Measured on {{count, number}} frames that the training never saw.', { count: n })
    : t(
        'Measured by cross-validation: each of {{count, number}} frames was judged by a model that had not seen it.',
        { count: n },
      );
  return (
    <>
      <Figures>
        <Figure
          label={t('Accuracy')}
          value={shareOf(accuracy.value, 1)}
          note={`n = ${integer(accuracy.n)}, ${rangeOf(accuracy)}`}
        />
        <Figure
          label={t('Balanced accuracy')}
          value={shareOf(balancedAccuracy, 1)}
          note={t('mean recall of {{count, number}} classes, n = {{n}}', {
            count: evaluation.perClass.filter((row) => row.n > 0).length,
            n: integer(n),
          })}
        />
        <Figure
          label={t('Calibration error')}
          value={shareOf(calibrationError, 1)}
          note={t('how far confidence is from truth (ECE), n = {{n}}', { n: integer(n) })}
        />
      </Figures>
      <p className={classes.how}>
        {how} {n < fewFrames ? t('With so few frames, the figures are rough.') : ''}
      </p>
      <div className={classes.pair}>
        <Panel title={t('Each class')}>
          <PerClass rows={evaluation.perClass} />
        </Panel>
        {evaluation.confusion.length > 0 ? (
          <Panel title={t('Confusions')}>
            <ConfusionMatrix evaluation={evaluation} runId={runId} />
          </Panel>
        ) : null}
      </div>
    </>
  );
}

function PerClass({ rows }: { rows: ClassFigures[] }) {
  return (
    <div className={pageClasses.scroll}>
      <table className={`${pageClasses.table} ${classes.perClass}`}>
        <thead>
          <tr>
            <th>{t('Class')}</th>
            <th
              className={pageClasses.num}
              title={t('Of the frames the model put here, how many belong here')}
            >
              {t('Precision')}
            </th>
            <th
              className={pageClasses.num}
              title={t('Of the frames that belong here, how many the model found')}
            >
              {t('Recall')}
            </th>
            <th className={pageClasses.num}>n</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.classId}>
              <td className={pageClasses.strong}>{row.name}</td>
              <td className={pageClasses.num} title={rangeOf(row.precision)}>
                {shareOf(row.precision.value)}
              </td>
              <td className={pageClasses.num}>
                <span
                  className={classes.recall}
                  style={{ '--share': row.recall.value ?? 0 }}
                  title={rangeOf(row.recall)}
                >
                  {shareOf(row.recall.value)}
                </span>
              </td>
              <td className={pageClasses.num}>{integer(row.n)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface DecidesAloneProps {
  decision: Decision;
  answerable: ClassFigures[];
  /** Null: the run left no answers to look at. */
  runId: string | null;
}

function DecidesAlone({ decision, answerable, runId }: DecidesAloneProps) {
  const never = decision.threshold > 1;
  const divided = decision.byClass.length > 0;
  return (
    <Panel title={t('What cameras decide alone')}>
      {divided ? (
        <Promises decision={decision} />
      ) : never ? (
        <Note tone="warn">
          {t(
            'Nothing yet: {{count, number}} calibration frames are too few to promise that at most {{alpha}} of the decisions are wrong. Every frame goes to review until there are more labels.',
            { count: decision.n, alpha: percent(decision.alpha, 1) },
          )}
        </Note>
      ) : (
        <p className={classes.promise}>
          <Trans
            i18nKey={
              'A camera decides alone at a confidence of <b>{{threshold}}</b> or more. At most <b>{{alpha}}</b> of those decisions are expected to be wrong, from <b>{{count, number}} calibration frames</b>. Everything else goes to review. {{tried}}'
            }
            count={decision.n}
            values={{
              count: decision.n,
              threshold: percent(decision.threshold, 1),
              alpha: percent(decision.alpha, 1),
              tried:
                decision.accepted === null || decision.errors === null || decision.n === 0
                  ? ''
                  : t(
                      'Of those frames it would have decided {{accepted}} alone ({{share}}), {{errors}} of them wrongly.',
                      {
                        accepted: integer(decision.accepted),
                        share: percent(decision.accepted / decision.n),
                        errors: integer(decision.errors),
                      },
                    ),
            }}
            components={{ b: <b /> }}
          />
        </p>
      )}
      {runId === null ? null : (
        <ThresholdExplorer runId={runId} decision={decision} answerable={answerable} />
      )}
    </Panel>
  );
}

/** Of a model where single classes have a promise of their own. */
function Promises({ decision }: { decision: Decision }) {
  const rows = [...decision.byClass, { ...decision, name: t('All other classes') }];
  return (
    <>
      <p className={classes.how}>
        {t(
          'Classes have promises of their own: each is about the frames that a camera decides to be that class.',
        )}
      </p>
      <div className={pageClasses.scroll}>
        <table className={`${pageClasses.table} ${classes.perClass}`} data-testid="promises">
          <thead>
            <tr>
              <th>{t('Class')}</th>
              <th className={pageClasses.num}>{t('At most wrong')}</th>
              <th className={pageClasses.num}>{t('From a confidence of')}</th>
              <th className={pageClasses.num}>{t('Calibration frames')}</th>
              <th className={pageClasses.num}>{t('Of those alone')}</th>
              <th className={pageClasses.num}>{t('Wrong')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((rule) => (
              <tr key={rule.name}>
                <td className={pageClasses.strong}>{rule.name}</td>
                <td className={pageClasses.num}>{percent(rule.alpha, 1)}</td>
                <td className={pageClasses.num}>
                  {rule.threshold > 1 ? t('Never, too few frames') : percent(rule.threshold, 1)}
                </td>
                <td className={pageClasses.num}>{integer(rule.n)}</td>
                <td className={pageClasses.num}>{integer(rule.accepted ?? 0)}</td>
                <td className={pageClasses.num}>{integer(rule.errors ?? 0)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

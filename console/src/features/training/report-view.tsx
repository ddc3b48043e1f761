import { useQuery } from '@tanstack/react-query';
import { runAnswersQuery } from '../../api/queries.js';
import type { RunAnswers } from '../../api/types.js';
import { integer, percent, plural } from '../../ui/format.js';
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
          There were too few labels to measure this model. Label more frames and train again.
        </Note>
      )}
      {report.skipped > 0 ? (
        <Note tone="warn">{plural(report.skipped, 'frame')} could not be read and took no part.</Note>
      ) : null}
      {report.decision ? <DecidesAlone decision={report.decision} answers={kept} /> : null}
      {kept && kept.calibration.length > 2 ? <CalibrationPanel answers={kept} /> : null}
      {report.fineTuning ? <BackbonePanel tuning={report.fineTuning} /> : null}
      {report.variants ? <VariantsPanel variants={report.variants} /> : null}
    </div>
  );
}

const shareOf = (share: number | null, digits: 0 | 1 = 0) => (share === null ? '–' : percent(share, digits));
const rangeOf = ({ low, high }: Share): string =>
  low === null || high === null ? '' : `95% interval ${percent(low)} to ${percent(high)}`;

function Evaluated(props: { evaluation: Evaluation; heldOut: boolean; runId: string | null }) {
  const { evaluation, heldOut, runId } = props;
  const { n, accuracy, balancedAccuracy, calibrationError } = evaluation;
  const how = heldOut
    ? `Measured on ${plural(n, 'frame')} that the training never saw.`
    : `Measured by cross-validation: each of ${plural(n, 'frame')} was judged by a model that had not seen it.`;
  return (
    <>
      <Figures>
        <Figure
          label="Accuracy"
          value={shareOf(accuracy.value, 1)}
          note={`n = ${integer(accuracy.n)}, ${rangeOf(accuracy)}`}
        />
        <Figure
          label="Balanced accuracy"
          value={shareOf(balancedAccuracy, 1)}
          note={`mean recall of ${plural(evaluation.perClass.filter((row) => row.n > 0).length, 'class', 'classes')}, n = ${integer(n)}`}
        />
        <Figure
          label="Calibration error"
          value={shareOf(calibrationError, 1)}
          note={`how far confidence is from truth (ECE), n = ${integer(n)}`}
        />
      </Figures>
      <p className={classes.how}>
        {how} {n < fewFrames ? 'With so few frames, the figures are rough.' : ''}
      </p>
      <div className={classes.pair}>
        <Panel title="Each class">
          <PerClass rows={evaluation.perClass} />
        </Panel>
        {evaluation.confusion.length > 0 ? (
          <Panel title="Confusions">
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
            <th>Class</th>
            <th className={pageClasses.num} title="Of the frames the model put here, how many belong here">
              Precision
            </th>
            <th className={pageClasses.num} title="Of the frames that belong here, how many the model found">
              Recall
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

function DecidesAlone({ decision, answers }: { decision: Decision; answers: RunAnswers | null }) {
  const never = decision.threshold > 1;
  return (
    <Panel title="What cameras decide alone">
      {never ? (
        <Note tone="warn">
          Nothing yet: {plural(decision.n, 'calibration frame')} are too few to promise that at most{' '}
          {percent(decision.alpha, 1)} of the decisions are wrong. Every frame goes to review until there are
          more labels.
        </Note>
      ) : (
        <p className={classes.promise}>
          A camera decides alone at a confidence of <b>{percent(decision.threshold, 1)}</b> or more. At most{' '}
          <b>{percent(decision.alpha, 1)}</b> of those decisions are expected to be wrong, from{' '}
          <b>{plural(decision.n, 'calibration frame')}</b>. Everything else goes to review.
          {decision.accepted === null || decision.errors === null || decision.n === 0
            ? ''
            : ` Of those frames it would have decided ${integer(decision.accepted)} alone (${percent(
                decision.accepted / decision.n,
              )}), ${integer(decision.errors)} of them wrongly.`}
        </p>
      )}
      {answers && answers.thresholds.length > 1 ? (
        <ThresholdExplorer answers={answers} set={never ? null : decision.threshold} />
      ) : null}
    </Panel>
  );
}

import type { LearningCurve } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Trans } from '../../i18n/trans.js';
import { integer, percent } from '../../ui/format.js';
import { Panel } from '../../ui/page.js';
import { CurveChart } from './curve-chart.js';
import classes from './training.module.css';

interface Props {
  /** Null: there were too few groups to measure one. */
  curve: LearningCurve | null;
  /** Names of the classes by id. */
  names: ReadonlyMap<string, string>;
}

/** How the model did with fewer labels, and what more of each class would likely do. */
export function LearningCurvePanel({ curve, names }: Props) {
  if (!curve) {
    return (
      <Panel title={t('Would more labels help?')}>
        <p className={classes.promise} data-testid="training-curve">
          {t('Too few labels to tell: it takes eight parts or scenes of at least two classes.')}
        </p>
      </Panel>
    );
  }
  return (
    <Panel title={t('Would more labels help?')}>
      <div className={classes.curve} data-testid="training-curve">
        <figure>
          <CurveChart points={curve.points} />
          <figcaption>
            {t(
              'Balanced accuracy of the head by labels it learnt from, on frames left out. Bars: twice the standard error.',
            )}
          </figcaption>
        </figure>
        <ul className={classes.hints}>
          {curve.classes.map((row) => (
            <li key={row.classId} data-hint={row.hint}>
              <Hint row={row} name={names.get(row.classId) ?? row.classId} />
            </li>
          ))}
        </ul>
      </div>
    </Panel>
  );
}

const points = (share: number) => `${integer(Math.round(100 * share))}`;

function Hint({ row, name }: { row: LearningCurve['classes'][number]; name: string }) {
  const recall = row.points.at(-1)?.recall;
  const now =
    recall === undefined
      ? ''
      : t('Recall now {{recall}}, from {{count, number}} labels.', {
          count: row.n,
          recall: percent(recall),
        });
  switch (row.hint) {
    case 'likely':
      return (
        <Trans
          i18nKey={
            'About <b>{{moreLabels}}</b> more labels of <b>{{name}}</b> would likely lift its recall by about <b>{{points}}</b> (± {{error}}) points. {{now}}'
          }
          values={{
            moreLabels: integer(row.moreLabels),
            name,
            points: points(row.lift),
            error: points(2 * row.liftError),
            now,
          }}
          components={{ b: <b /> }}
        />
      );
    case 'no-more':
      return (
        <Trans
          i18nKey={'More labels of <b>{{name}}</b> are not likely to help any more. {{now}}'}
          values={{ name, now }}
          components={{ b: <b /> }}
        />
      );
    case 'not-yet':
      return (
        <Trans
          i18nKey={'Whether more labels of <b>{{name}}</b> help is not shown yet. {{now}}'}
          values={{ name, now }}
          components={{ b: <b /> }}
        />
      );
  }
}

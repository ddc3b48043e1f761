import { phrases, t } from '../../i18n/index.js';
import { decimal, percent } from '../../ui/format.js';
import { Panel } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import type { FineTuning } from './report.js';
import classes from './training.module.css';

const reasons: Record<string, string> = phrases({
  'no-gain': 'fine-tuning was tried and was no better beyond chance',
  'too-few-groups': 'there were too few frames to judge fine-tuning by',
  'too-little-memory': 'fine-tuning would need more memory than this server gives it',
  'head-only': 'this architecture cannot be fine-tuned here',
  'no-tail': 'this backbone has no tail that could be fine-tuned',
});

/** How far the backbone was trained with the head, and the figures that decided it. */
export function BackbonePanel({ tuning }: { tuning: FineTuning }) {
  const { chosen, reason, start, best, folds } = tuning;
  return (
    <Panel title={t('Backbone')}>
      <p className={classes.promise} data-testid="training-backbone">
        {chosen === 'head'
          ? t('Left as it was: {{reasons}}.', { reasons: t(reasons[reason] ?? reason) })
          : t('Fine-tuned {{part}}, {{why}}.', {
              part: chosen === 'whole' ? t('as a whole') : t('behind the cut'),
              why: reason === 'asked' ? t('as asked') : t('because validation showed a gain'),
            })}
      </p>
      {start && best ? (
        <div className={pageClasses.scroll}>
          <table className={`${pageClasses.table} ${classes.perClass}`}>
            <thead>
              <tr>
                <th>
                  {folds === 1
                    ? t('On frames left out, a quarter of them')
                    : t('On frames left out, in {{count, number}} folds', { count: folds })}
                </th>
                <th className={pageClasses.num}>{t('Balanced accuracy')}</th>
                <th
                  className={pageClasses.num}
                  title={t('Mean surprise at the true class, calibrated: smaller is better')}
                >
                  {t('Log-loss')}
                </th>
              </tr>
            </thead>
            <tbody>
              <Row name={t('Head alone')} epoch={start} />
              <Row name={t('Fine-tuned, epoch {{epoch}}', { epoch: best.epoch })} epoch={best} />
            </tbody>
          </table>
        </div>
      ) : null}
    </Panel>
  );
}

function Row({ name, epoch }: { name: string; epoch: NonNullable<FineTuning['best']> }) {
  return (
    <tr>
      <td className={pageClasses.strong}>{name}</td>
      <td className={pageClasses.num}>{percent(epoch.balancedAccuracy, 1)}</td>
      <td className={pageClasses.num}>{decimal(epoch.logLoss, 3)}</td>
    </tr>
  );
}

import type { InputSize } from '../../api/types.js';
import { phrases, t } from '../../i18n/index.js';
import { decimal, percent } from '../../ui/format.js';
import { Panel } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import classes from './training.module.css';

const reasons: Record<InputSize['reason'], string> = phrases({
  asked: 'as asked',
  gain: 'because validation showed a gain over the native size',
  'no-gain': 'larger ones were tried and were no better beyond chance',
  'small-pictures': 'the pictures have no more pixels to show',
  fixed: 'this architecture takes no other',
  'too-few-groups': 'there were too few frames to judge another by',
  'too-slow': 'reading every picture at a larger one would take too long',
  'too-little-memory': 'a larger one would need more memory than this server gives it',
});

/** At which size the network sees a picture, why, and what that costs a camera. */
export function InputSizePanel({ inputSize }: { inputSize: InputSize }) {
  const { chosen, native, reason, workFactor, table } = inputSize;
  return (
    <Panel title={t('Input size')}>
      <p className={classes.promise} data-testid="training-input-size">
        <b>{t('{{chosen}} × {{chosen}} pixels', { chosen })}</b>
        {reason === 'asked' ? ', ' : ': '}
        {t(reasons[reason])}.
        {chosen === native
          ? ''
          : t(' A frame is about {{workFactor}}× the work of {{native}} × {{native}}, on every camera.', {
              workFactor: decimal(workFactor, 1),
              native,
            })}
      </p>
      {table.length > 1 ? (
        <div className={pageClasses.scroll}>
          <table className={`${pageClasses.table} ${classes.perClass}`}>
            <thead>
              <tr>
                <th>{t('Head alone, on {{n}} frames left out in turn', { n: inputSize.n })}</th>
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
              {table.map((row) => (
                <tr key={row.size}>
                  <td className={pageClasses.strong}>{t('{{size}} px', { size: row.size })}</td>
                  <td className={pageClasses.num}>{percent(row.balancedAccuracy, 1)}</td>
                  <td className={pageClasses.num}>{decimal(row.logLoss, 3)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
    </Panel>
  );
}

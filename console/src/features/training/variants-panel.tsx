import { phrases, t } from '../../i18n/index.js';
import { bytes, integer, percent } from '../../ui/format.js';
import { Panel } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import { Note } from '../../ui/signal.js';
import type { Share, Variant, Variants } from './report.js';
import classes from './training.module.css';

const devices: Record<string, string> = phrases({
  'x86-vnni': 'x86-64 with VNNI, 8-bit',
  x86: 'x86-64 without VNNI, 8-bit',
  arm64: 'ARM, 8-bit',
  gpu: 'GPU, fp16',
});

/** Which forms of the model in fewer bits are in the package, how they do beside it, and why others are not. */
export function VariantsPanel({ variants: { all, comparedOn } }: { variants: Variants }) {
  const [first] = all;
  const reason = first?.reason;
  if (first && reason && all.every((variant) => variant.reason === reason)) {
    return (
      <Panel title={t('Variants')}>
        <p className={classes.promise} data-testid="training-variants">
          {t('None: {{reason}}. Devices run the model in float.', { reason })}
        </p>
      </Panel>
    );
  }
  return (
    <Panel title={t('Variants')}>
      <div className={pageClasses.scroll} data-testid="training-variants">
        <table className={`${pageClasses.table} ${classes.perClass}`}>
          <thead>
            <tr>
              <th>{t('Device')}</th>
              <th className={pageClasses.num} title={t('Frames with the same answer as the model in float')}>
                {t('Same answer')}
              </th>
              <th className={pageClasses.num} title={t('Accuracy of the variant, and of the model in float')}>
                {t('Accuracy')}
              </th>
              <th className={pageClasses.num}>{t('Size')}</th>
              <th className={pageClasses.num}>n</th>
            </tr>
          </thead>
          <tbody>
            {all.map((variant) => (
              <Row key={variant.deviceClass} variant={variant} />
            ))}
          </tbody>
        </table>
      </div>
      {comparedOn && comparedOn !== 'held-out' && first ? (
        <Note tone="warn">
          {t('There is no test split: the {{count, number}} frames compared were trained with.', {
            count: first.same.n,
          })}
        </Note>
      ) : null}
    </Panel>
  );
}

const shareOf = ({ value }: Share) => (value === null ? '–' : percent(value, 1));

function Row({
  variant: { deviceClass, same, accuracy, bytes: size, reason, rounding },
}: {
  variant: Variant;
}) {
  return (
    <tr>
      <td className={pageClasses.strong}>
        {t(devices[deviceClass] ?? deviceClass)}
        {reason ? (
          <span className={classes.why}>{t('not in the package: {{reason}}', { reason })}</span>
        ) : null}
        {rounding ? <span className={classes.why}>{rounding}</span> : null}
      </td>
      <td className={pageClasses.num}>{shareOf(same)}</td>
      <td className={pageClasses.num}>
        {shareOf(accuracy.variant)} <small>{t('of {{shareOf}}', { shareOf: shareOf(accuracy.model) })}</small>
      </td>
      <td className={pageClasses.num}>{size === null ? '–' : bytes(size)}</td>
      <td className={pageClasses.num}>{integer(same.n)}</td>
    </tr>
  );
}

import { Link } from '@tanstack/react-router';
import type { LabelQuality } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { decimal, integer, percent } from '../../ui/format.js';
import pageClasses from '../../ui/page.module.css';
import classes from './label-quality.module.css';

type Compared = LabelQuality['all'];
type Share = Compared['agreed'];

/** A share with the interval that it lies in, and the frames behind it. */
export function Rate({ of, frames = [] }: { of: Share; frames?: readonly string[] }) {
  const { value, low, high, n } = of;
  if (value === null || low === null || high === null) return <span className={pageClasses.dim}>–</span>;
  return (
    <span className={classes.rate}>
      <b>{percent(value)}</b>
      <span className={classes.bar} aria-hidden>
        <i style={{ left: `${low * 100}%`, right: `${(1 - high) * 100}%` }} />
        <u style={{ left: `${value * 100}%` }} />
      </span>
      <small>
        {t('{{low}} to {{high}}, n {{n}}', { low: percent(low), high: percent(high), n: integer(n) })}
      </small>
      {frames.length > 0 ? (
        <Link to="/dataset" search={{ ids: frames.join(',') }} className={pageClasses.link}>
          {t('{{count, number}} frames differ', { count: frames.length })}
        </Link>
      ) : null}
    </span>
  );
}

export const CompareRate = ({ of }: { of: Pick<Compared, 'agreed' | 'differing'> }) => (
  <Rate of={of.agreed} frames={of.differing} />
);

/** Kappa or alpha. */
export const coefficient = (value: number | null): string => (value === null ? '–' : decimal(value, 2));

import type { Rollout } from '../../api/types.js';
import { phrases, t } from '../../i18n/index.js';
import { integer, percent } from '../../ui/format.js';
import classes from '../../ui/page.module.css';
import { Tag, type Tone } from '../../ui/signal.js';
import { conditionLabels, limitWords } from './plan.js';
import styles from './rollouts.module.css';

type Figures = Rollout['groups'][number]['quality'][number];

const tones: Record<Figures['state'], Tone> = { gathering: 'busy', holding: 'ok', violated: 'bad' };
const words: Record<Figures['state'], string> = phrases({
  gathering: 'Gathering',
  holding: 'Holds',
  violated: 'Fails',
});

/** How the conditions of a gate stand, live. */
export function QualityTable({ conditions, needed }: { conditions: Figures[]; needed: number }) {
  if (conditions.length === 0) return null;
  return (
    <div className={classes.scroll}>
      <table className={`${classes.table} ${styles.quality}`} data-testid="quality-table">
        <thead>
          <tr>
            <th>{t('Condition')}</th>
            <th>{t('Now')}</th>
            <th className={classes.wide}>{t('Champion')}</th>
            <th>{t('Limit')}</th>
            <th>{t('Observations')}</th>
            <th className={classes.wide}>{t('Evidence against it')}</th>
            <th>{t('State')}</th>
          </tr>
        </thead>
        <tbody>
          {conditions.map((each) => (
            <tr key={each.kind}>
              <td>
                <b>{t(conditionLabels[each.kind])}</b>
                {each.subject ? <span className={classes.dim}> {each.subject}</span> : null}
              </td>
              <td>{each.measured === null ? '–' : percent(each.measured, 1)}</td>
              <td className={classes.wide}>{each.reference === null ? '–' : percent(each.reference, 1)}</td>
              <td>{limitWords(each.kind, each.limit)}</td>
              <td>
                {integer(each.observations)}
                {each.state === 'gathering' && needed > 0
                  ? t(' of {{needed}}', { needed: integer(needed) })
                  : ''}
              </td>
              <td className={classes.wide}>
                <Evidence figures={each} />
              </td>
              <td>
                <Tag tone={tones[each.state]}>{t(words[each.state])}</Tag>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** On a scale of orders of magnitude: full is where the condition fails. */
function Evidence({ figures: { evidence, needed, state } }: { figures: Figures }) {
  const share = Math.min(1, Math.max(0, Math.log(evidence) / Math.log(needed)));
  return (
    <span
      className={styles.bar}
      role="img"
      aria-label={t('{{share}} of what it takes', { share: percent(share) })}
    >
      <i
        className={state === 'violated' ? styles.fallen : styles.against}
        style={{ width: `${share * 100}%` }}
      />
    </span>
  );
}

import { Link } from '@tanstack/react-router';
import type { FrameRule, RulesDryRun } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { integer } from '../../ui/format.js';
import pageClasses from '../../ui/page.module.css';
import classes from './exchange.module.css';

/** What rules would do, with frames to look at. */
export function RulesTried({ tried, rules }: { tried: RulesDryRun; rules: readonly FrameRule[] }) {
  const names = new Map(rules.map(({ id, name }) => [id, name]));
  return (
    <div className={pageClasses.scroll} data-testid="rules-tried">
      <p className={classes.hint}>
        {t('Tried on the newest {{count, number}} frames; nothing was written.', { count: tried.frames })}
      </p>
      <table className={pageClasses.table}>
        <thead>
          <tr>
            <th>{t('Rule')}</th>
            <th>{t('Fit')}</th>
            <th>{t('Would change')}</th>
            <th>{t('Labelled already')}</th>
            <th>{t('No such class')}</th>
            <th>{t('For example')}</th>
          </tr>
        </thead>
        <tbody>
          {tried.rules.map(({ id, matched, applies, labelled, unresolved, examples }) => (
            <tr key={id}>
              <td className={pageClasses.strong}>{names.get(id) ?? id}</td>
              <td>{integer(matched)}</td>
              <td>{integer(applies)}</td>
              <td>{integer(labelled)}</td>
              <td>{integer(unresolved)}</td>
              <td>
                {examples.slice(0, 2).map((example) => (
                  <div key={example.frameId}>
                    <Link
                      to="/frames/$frameId"
                      params={{ frameId: example.frameId }}
                      className={pageClasses.link}
                    >
                      {example.text}
                    </Link>{' '}
                    {example.gives === '' ? '' : `→ ${example.gives}`}
                  </div>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

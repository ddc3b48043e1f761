import { t } from '../../../i18n/index.js';
import { integer } from '../../../ui/format.js';
import classes from '../../../ui/page.module.css';
import { Note, Tag } from '../../../ui/signal.js';
import { type ListRow, mostDevices } from './read-list.js';

const shown = 200;

/** What will be made of the list; lines with a problem come first. */
export function ListPreview({ rows }: { rows: readonly ListRow[] }) {
  const wrong = rows.filter(({ problem }) => problem !== null);
  const first = [...wrong, ...rows.filter(({ problem }) => problem === null)].slice(0, shown);
  return (
    <div data-testid="list-preview">
      {rows.length > mostDevices ? (
        <Note tone="bad">
          {t('{{rows}} devices. At most {{mostDevices}} go at once; split the list.', {
            rows: integer(rows.length),
            mostDevices: integer(mostDevices),
          })}
        </Note>
      ) : wrong.length > 0 ? (
        <Note tone="bad">
          {t('{{count, number}} lines have to be put right first.', { count: wrong.length })}
        </Note>
      ) : (
        <Note tone="ok">{t('{{count, number}} devices, nothing is wrong.', { count: rows.length })}</Note>
      )}
      <section
        className={classes.scroll}
        style={{ maxHeight: 260, marginTop: 12 }}
        aria-label={t('The list')}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by keyboard
        tabIndex={0}
      >
        <table className={classes.table}>
          <thead>
            <tr>
              <th>{t('Line')}</th>
              <th>{t('Name')}</th>
              <th>{t('Site')}</th>
              <th>{t('Tags')}</th>
            </tr>
          </thead>
          <tbody>
            {first.map(({ line, name, site, tags, problem }) => (
              <tr key={line}>
                <td className={classes.dim}>{line}</td>
                <td className={classes.strong}>
                  {name}
                  {problem ? (
                    <div>
                      <Tag tone="bad">{problem}</Tag>
                    </div>
                  ) : null}
                </td>
                <td>{site}</td>
                <td>{tags.join(', ')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {rows.length > shown ? (
        <p className={classes.dim}>{t('The first {{shown}} of them are shown.', { shown })}</p>
      ) : null}
    </div>
  );
}

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
          {integer(rows.length)} devices. At most {integer(mostDevices)} go at once; split the list.
        </Note>
      ) : wrong.length > 0 ? (
        <Note tone="bad">
          {wrong.length === 1 ? 'One line has' : `${integer(wrong.length)} lines have`} to be put right first.
        </Note>
      ) : (
        <Note tone="ok">
          {rows.length === 1 ? 'One device' : `${integer(rows.length)} devices`}, nothing is wrong.
        </Note>
      )}
      <section
        className={classes.scroll}
        style={{ maxHeight: 260, marginTop: 12 }}
        aria-label="The list"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by keyboard
        tabIndex={0}
      >
        <table className={classes.table}>
          <thead>
            <tr>
              <th>Line</th>
              <th>Name</th>
              <th>Site</th>
              <th>Tags</th>
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
      {rows.length > shown ? <p className={classes.dim}>The first {shown} of them are shown.</p> : null}
    </div>
  );
}

import { Link } from '@tanstack/react-router';
import { frameImageUrl } from '../../api/client.js';
import type { BookEntry } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { kindNames, kinds } from './kinds.js';
import classes from './label-book.module.css';

/** What the book says of a class: the words, then the examples by kind. `small`: beside a frame that is being labelled. */
export function EntryBody({ entry, small = false }: { entry: BookEntry; small?: boolean }) {
  return (
    <div className={classes.body} data-small={small ? '' : undefined}>
      {entry.definition ? <p className={classes.definition}>{entry.definition}</p> : null}
      {kindNames.map((kind) => {
        const examples = entry.examples.filter((each) => each.kind === kind);
        if (examples.length === 0) return null;
        return (
          <div key={kind} className={classes.group} data-kind={kind}>
            <h3>{t(kinds[kind].many)}</h3>
            <ul>
              {examples.map(({ frameId, note }) => (
                <li key={frameId}>
                  <Link
                    to="/frames/$frameId"
                    params={{ frameId }}
                    {...(small ? { target: '_blank' } : {})}
                    aria-label={`${t(kinds[kind].one)}${note ? `: ${note}` : ''}`}
                  >
                    <img src={frameImageUrl(frameId, 256)} alt="" loading="lazy" decoding="async" />
                  </Link>
                  {note ? <span>{note}</span> : null}
                </li>
              ))}
            </ul>
          </div>
        );
      })}
    </div>
  );
}

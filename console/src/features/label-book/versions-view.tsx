import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { bookVersionsQuery } from '../../api/queries.js';
import { t } from '../../i18n/index.js';
import { moment } from '../../ui/format.js';
import { Loaded, Loading } from '../../ui/page.js';
import { EntryBody } from './entry-body.js';
import classes from './label-book.module.css';

/** Everything the book has said of a class. */
export function VersionsView({ classId }: { classId: string }) {
  const versions = useQuery(bookVersionsQuery(classId));
  const [chosen, choose] = useState<number | null>(null);
  return (
    <Loaded query={versions} skeleton={<Loading rows={3} height={44} />}>
      {(items) => {
        const shown = items.find(({ version }) => version === chosen) ?? items[0];
        return (
          <div className={classes.versions}>
            <ol data-testid="book-versions">
              {items.map(({ version, author, at, change }) => (
                <li key={version}>
                  <button
                    type="button"
                    aria-pressed={version === shown?.version}
                    onClick={() => choose(version)}
                    data-testid={`book-version-${version}`}
                  >
                    <b>{t('Version {{version}}', { version })}</b> {change}
                    <small>
                      {author}, {at ? moment(at) : ''}
                    </small>
                  </button>
                </li>
              ))}
            </ol>
            {shown ? (
              <div data-testid="shown-version">
                <EntryBody entry={shown} />
              </div>
            ) : null}
          </div>
        );
      }}
    </Loaded>
  );
}

import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { memo } from 'react';
import { labelBookQuery } from '../../api/queries.js';
import type { ClassItem } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Trans } from '../../i18n/trans.js';
import { Loaded, Loading } from '../../ui/page.js';
import { EntryBody } from './entry-body.js';
import classes from './label-book.module.css';

/** The book beside a frame that is being labelled. Nothing in it depends on the frame, so that no key waits for it. */
export const BookPanel = memo(function BookPanel({ classList }: { classList: readonly ClassItem[] }) {
  const book = useQuery(labelBookQuery);
  return (
    <aside className={classes.panel} aria-label={t('Label book')} data-testid="book-panel">
      <Loaded query={book} skeleton={<Loading rows={4} height={90} />}>
        {(entries) => {
          const written = classList.flatMap((item) => {
            const entry = entries.get(item.id);
            return entry && (entry.definition !== '' || entry.examples.length > 0) ? [{ item, entry }] : [];
          });
          return written.length === 0 ? (
            <p className={classes.hint}>
              <Trans
                i18nKey={'The <a>label book</a> is empty: nobody has written down yet what the classes mean.'}
                components={{ a: <Link to="/label-book" /> }}
              />
            </p>
          ) : (
            written.map(({ item, entry }) => (
              <section key={item.id} style={{ '--class-colour': item.colour }}>
                <h2>{item.name}</h2>
                <EntryBody entry={entry} small />
              </section>
            ))
          );
        }}
      </Loaded>
    </aside>
  );
});

import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { classChangesQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { ClassChange } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { ConfirmDialog } from '../../ui/confirm.js';
import { moment } from '../../ui/format.js';
import { Loaded, Loading, Panel } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import { said } from '../../ui/said.js';
import classes from './label-book.module.css';
import { useClassChange } from './use-class-change.js';

/** What was done to the classes, by whom, and how to take it back. */
export function ChangesPanel() {
  const changes = useQuery(classChangesQuery);
  const engineer = useMay('engineer');
  const [undoing, setUndoing] = useState<ClassChange | null>(null);
  return (
    <div className={classes.unprinted}>
      <Panel title={t('History of the classes')}>
        <Loaded query={changes} skeleton={<Loading rows={2} height={40} />}>
          {(items) =>
            items.length === 0 ? (
              <p style={{ margin: 0 }}>{t('The classes are as they were set up.')}</p>
            ) : (
              <div className={pageClasses.scroll}>
                <table className={pageClasses.table} data-testid="class-changes">
                  <thead>
                    <tr>
                      <th>{t('What')}</th>
                      <th>{t('By')}</th>
                      <th>{t('When')}</th>
                      <th>
                        <span className={classes.unseen}>{t('Undo')}</span>
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {items.map((item) => (
                      <tr key={item.id} data-undone={item.undone ? '' : undefined}>
                        <td>{said(item.summary)}</td>
                        <td>{item.author}</td>
                        <td className={pageClasses.nowrap}>{moment(item.at)}</td>
                        <td className={classes.undo}>
                          <Undo item={item} {...(engineer ? { ask: () => setUndoing(item) } : {})} />
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            )
          }
        </Loaded>
      </Panel>
      {undoing ? <UndoDialog item={undoing} close={() => setUndoing(null)} /> : null}
    </div>
  );
}

function Undo({ item, ask }: { item: ClassChange; ask?: () => void }) {
  if (item.undone) return <>{t('Taken back')}</>;
  if (item.kind !== 'merge' && item.kind !== 'split') return null;
  if (item.settled !== null) return <span className={pageClasses.dim}>{said(item.settled)}</span>;
  if (!ask) return null;
  return (
    <Button variant="default" size="sm" onClick={ask} data-testid={`undo-${item.kind}`}>
      {t('Undo')}
    </Button>
  );
}

function UndoDialog({ item, close }: { item: ClassChange; close: () => void }) {
  const undo = useClassChange(
    (requestId) =>
      unwrap(
        client.POST('/api/v1/class-changes/{id}/undo', {
          params: { path: { id: item.id } },
          body: { requestId },
        }),
      ),
    close,
  );
  return (
    <ConfirmDialog
      opened
      onClose={close}
      title={item.kind === 'merge' ? t('Undo the merge?') : t('Undo the split?')}
      confirm={t('Undo it')}
      action={{ mutate: () => undo.mutate(), isPending: undo.isPending, error: undo.error }}
    >
      {said(item.summary)}.{' '}
      {item.kind === 'merge'
        ? t(
            'The class comes back with the labels it had; frames that were labelled since keep their new label.',
          )
        : t('The class comes back with the labels it had.')}
    </ConfirmDialog>
  );
}

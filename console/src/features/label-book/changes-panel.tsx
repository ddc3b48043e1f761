import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { classChangesQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { ClassChange } from '../../api/types.js';
import { ConfirmDialog } from '../../ui/confirm.js';
import { moment } from '../../ui/format.js';
import { Loaded, Loading, Panel } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import classes from './label-book.module.css';
import { useClassChange } from './use-class-change.js';

/** What was done to the classes, by whom, and how to take it back. */
export function ChangesPanel() {
  const changes = useQuery(classChangesQuery);
  const engineer = useMay('engineer');
  const [undoing, setUndoing] = useState<ClassChange | null>(null);
  return (
    <div className={classes.unprinted}>
      <Panel title="History of the classes">
        <Loaded query={changes} skeleton={<Loading rows={2} height={40} />}>
          {(items) =>
            items.length === 0 ? (
              <p style={{ margin: 0 }}>The classes are as they were set up.</p>
            ) : (
              <div className={pageClasses.scroll}>
                <table className={pageClasses.table} data-testid="class-changes">
                  <thead>
                    <tr>
                      <th>What</th>
                      <th>By</th>
                      <th>When</th>
                      <th>
                        <span className={classes.unseen}>Undo</span>
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {items.map((item) => (
                      <tr key={item.id} data-undone={item.undone ? '' : undefined}>
                        <td>{item.summary}</td>
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
  if (item.undone) return <>Taken back</>;
  if (item.kind !== 'merge' && item.kind !== 'split') return null;
  if (item.settled !== null) return <span className={pageClasses.dim}>{item.settled}</span>;
  if (!ask) return null;
  return (
    <Button variant="default" size="sm" onClick={ask} data-testid={`undo-${item.kind}`}>
      Undo
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
      title={`Undo the ${item.kind}?`}
      confirm="Undo it"
      action={{ mutate: () => undo.mutate(), isPending: undo.isPending, error: undo.error }}
    >
      {item.summary}. The class comes back with the labels it had
      {item.kind === 'merge' ? '; frames that were labelled since keep their new label.' : '.'}
    </ConfirmDialog>
  );
}

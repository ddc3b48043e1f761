import { Button, Modal } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconHistory, IconPencil } from '@tabler/icons-react';
import type { BookEntry, ClassItem } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { ClassMenu } from './class-menu.js';
import { EntryBody } from './entry-body.js';
import { EntryEditor } from './entry-editor.js';
import classes from './label-book.module.css';
import { VersionsView } from './versions-view.js';

interface ClassEntryProps {
  item: ClassItem;
  entry: BookEntry;
  classList: readonly ClassItem[];
  engineer: boolean;
}

/** One class of the book. */
export function ClassEntry({ item, entry, classList, engineer }: ClassEntryProps) {
  const [editing, edit] = useDisclosure(false);
  const [looking, look] = useDisclosure(false);
  const written = entry.definition !== '' || entry.examples.length > 0;
  return (
    <section
      className={classes.entry}
      style={{ '--class-colour': item.colour }}
      data-testid={`class-entry-${item.id}`}
      aria-label={item.name}
    >
      <header>
        <h2>{item.name}</h2>
        <span className={classes.facts}>
          {t('{{count, number}} labelled frames', { count: item.labels })}
          {item.formerNames.length > 0
            ? t(' · called {{formerNames}} before', { formerNames: item.formerNames.join(', ') })
            : ''}
        </span>
        <div className={`${classes.entryTools} ${classes.unprinted}`}>
          {entry.version > 0 ? (
            <Button
              variant="subtle"
              size="md"
              leftSection={<IconHistory size={18} />}
              onClick={look.open}
              data-testid={`versions-${item.id}`}
            >
              {t('Version {{version}}', { version: entry.version })}
            </Button>
          ) : null}
          {engineer ? (
            <>
              <Button
                variant="default"
                size="md"
                leftSection={<IconPencil size={18} />}
                onClick={edit.open}
                data-testid={`edit-${item.id}`}
              >
                {written ? t('Edit') : t('Write')}
              </Button>
              <ClassMenu item={item} classList={classList} />
            </>
          ) : null}
        </div>
      </header>
      {written ? (
        <EntryBody entry={entry} />
      ) : (
        <p className={classes.hint}>{t('Nobody has written down yet what belongs to this class.')}</p>
      )}
      <Modal
        opened={editing}
        onClose={edit.close}
        title={t('What {{name}} means', { name: item.name })}
        size="xl"
      >
        {editing ? <EntryEditor entry={entry} close={edit.close} /> : null}
      </Modal>
      <Modal
        opened={looking}
        onClose={look.close}
        title={t('{{name}}, version by version', { name: item.name })}
        size="xl"
      >
        {looking ? <VersionsView classId={item.id} /> : null}
      </Modal>
    </section>
  );
}

import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus, IconPrinter, IconTags } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { classesQuery, labelBookQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import { t } from '../../i18n/index.js';
import { Blank, Loaded, Loading, Page, Panel } from '../../ui/page.js';
import { AddClassDialog } from '../review/add-class-dialog.js';
import { ChangesPanel } from './changes-panel.js';
import { ClassEntry } from './class-entry.js';
import classes from './label-book.module.css';
import { OutdatedModel } from './outdated-model.js';

/** What the classes are, what each means, and how they came to be. */
export function LabelBookPage() {
  const query = useQuery(classesQuery);
  const book = useQuery(labelBookQuery);
  const engineer = useMay('engineer');
  const [adding, add] = useDisclosure(false);
  return (
    <Page
      title={t('Label book')}
      actions={
        <div className={`${classes.actions} ${classes.unprinted}`}>
          <Button
            variant="default"
            size="md"
            leftSection={<IconPrinter size={20} />}
            onClick={() => window.print()}
          >
            {t('Print')}
          </Button>
          {engineer ? (
            <Button
              size="md"
              leftSection={<IconPlus size={20} />}
              onClick={add.open}
              data-testid="book-add-class"
            >
              {t('Add classes')}
            </Button>
          ) : null}
        </div>
      }
    >
      <OutdatedModel />
      <Loaded query={query} skeleton={<Loading rows={3} height={160} />}>
        {(classList) =>
          classList.length === 0 ? (
            <Panel>
              <Blank icon={IconTags} title={t('What can a part be?')}>
                {t('The book has a page for each class, such as good and scratch.')}{' '}
                {engineer ? '' : t('Ask an engineer or an admin to add them.')}
              </Blank>
            </Panel>
          ) : (
            <Loaded query={book} skeleton={<Loading rows={3} height={160} />}>
              {(entries) =>
                classList.map((item) => {
                  const entry = entries.get(item.id);
                  return entry ? (
                    <ClassEntry key={item.id} {...{ item, entry, classList, engineer }} />
                  ) : null;
                })
              }
            </Loaded>
          )
        }
      </Loaded>
      <ChangesPanel />
      <AddClassDialog opened={adding} onClose={add.close} />
    </Page>
  );
}

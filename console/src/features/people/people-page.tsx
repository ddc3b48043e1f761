import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { usersQuery } from '../../api/queries.js';
import { t } from '../../i18n/index.js';
import { Loaded, Page, Panel } from '../../ui/page.js';
import classes from '../../ui/page.module.css';
import { AddPersonDialog } from './add-person-dialog.js';
import { ApiKeysPanel } from './api-keys-panel.js';
import { PersonRow } from './person-row.js';
import { PlantPanel } from './plant-panel.js';
import { SignInRulesPanel } from './sign-in-rules-panel.js';

export function PeoplePage() {
  const users = useQuery(usersQuery);
  const [adding, add] = useDisclosure(false);
  return (
    <Page
      title={t('People')}
      actions={
        <Button size="md" leftSection={<IconPlus size={18} />} onClick={add.open} data-testid="add-person">
          {t('Add a person')}
        </Button>
      }
    >
      <Loaded query={users}>
        {(items) => (
          <Panel flush>
            <div className={classes.scroll}>
              <table className={classes.table}>
                <thead>
                  <tr>
                    <th>{t('Name')}</th>
                    <th>{t('E-mail')}</th>
                    <th>{t('Role')}</th>
                    <th>{t('Second factor')}</th>
                    <th>{t('Added')}</th>
                    <th />
                  </tr>
                </thead>
                <tbody>
                  {items.map((user) => (
                    <PersonRow key={user.id} user={user} />
                  ))}
                </tbody>
              </table>
            </div>
          </Panel>
        )}
      </Loaded>
      <SignInRulesPanel />
      <PlantPanel />
      <ApiKeysPanel />
      <AddPersonDialog opened={adding} onClose={add.close} />
    </Page>
  );
}

import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { usersQuery } from '../../api/queries.js';
import { Loaded, Page, Panel } from '../../ui/page.js';
import classes from '../../ui/page.module.css';
import { AddPersonDialog } from './add-person-dialog.js';
import { ApiKeysPanel } from './api-keys-panel.js';
import { PersonRow } from './person-row.js';
import { SignInRulesPanel } from './sign-in-rules-panel.js';

export function PeoplePage() {
  const users = useQuery(usersQuery);
  const [adding, add] = useDisclosure(false);
  return (
    <Page
      title="People"
      actions={
        <Button size="md" leftSection={<IconPlus size={18} />} onClick={add.open} data-testid="add-person">
          Add a person
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
                    <th>Name</th>
                    <th>E-mail</th>
                    <th>Role</th>
                    <th>Second factor</th>
                    <th>Added</th>
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
      <ApiKeysPanel />
      <AddPersonDialog opened={adding} onClose={add.close} />
    </Page>
  );
}

import { Button, Menu } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { client, unwrap } from '../../api/client.js';
import { keys, usersQuery } from '../../api/queries.js';
import { useMe } from '../../api/session.js';
import type { Role, User } from '../../api/types.js';
import { Ago } from '../../ui/clock.js';
import { notifyFailed } from '../../ui/notify.js';
import { Loaded, Page, Panel } from '../../ui/page.js';
import classes from '../../ui/page.module.css';
import { Tag } from '../../ui/signal.js';
import { AddPersonDialog } from './add-person-dialog.js';
import { ApiKeysPanel } from './api-keys-panel.js';
import { roleItems, roleNames } from './roles.js';

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
      <ApiKeysPanel />
      <AddPersonDialog opened={adding} onClose={add.close} />
    </Page>
  );
}

function PersonRow({ user }: { user: User }) {
  const me = useMe();
  const queryClient = useQueryClient();
  const update = useMutation({
    mutationFn: (body: { role?: Role; disabled?: boolean }) =>
      unwrap(client.PATCH('/api/v1/users/{id}', { params: { path: { id: user.id } }, body })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.users }),
    onError: (error) => notifyFailed(`${user.name} was not changed`, error),
  });
  const self = user.id === me.id;
  return (
    <tr>
      <td className={classes.strong}>
        {user.name} {self ? <span className={classes.dim}>(you)</span> : null}
      </td>
      <td>{user.email}</td>
      <td>{user.disabledAt ? <Tag tone="idle">Disabled</Tag> : roleNames[user.role]}</td>
      <td className={classes.dim}>
        <Ago at={user.createdAt} />
      </td>
      <td className={classes.num}>
        {self ? null : (
          <Menu position="bottom-end" width={240}>
            <Menu.Target>
              <Button variant="default" size="compact-md" loading={update.isPending}>
                Change
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Label>Role</Menu.Label>
              {roleItems.map(({ value, label }) => (
                <Menu.Item
                  key={value}
                  disabled={value === user.role}
                  onClick={() => update.mutate({ role: value })}
                >
                  {label}
                </Menu.Item>
              ))}
              <Menu.Divider />
              <Menu.Item
                {...(user.disabledAt ? {} : { color: 'red' })}
                onClick={() => update.mutate({ disabled: user.disabledAt === null })}
              >
                {user.disabledAt ? 'Enable again' : 'Disable'}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )}
      </td>
    </tr>
  );
}

import { Button, Menu } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { client, unwrap } from '../../api/client.js';
import { keys } from '../../api/queries.js';
import { useMe } from '../../api/session.js';
import type { Role, User } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Ago } from '../../ui/clock.js';
import { ConfirmDialog } from '../../ui/confirm.js';
import { notifyFailed } from '../../ui/notify.js';
import classes from '../../ui/page.module.css';
import { Tag } from '../../ui/signal.js';
import { roleItems, roleNames } from './roles.js';

export function PersonRow({ user }: { user: User }) {
  const me = useMe();
  const queryClient = useQueryClient();
  const [asking, ask] = useDisclosure(false);
  const [unlinking, askUnlink] = useDisclosure(false);
  const refresh = () => queryClient.invalidateQueries({ queryKey: keys.users });
  const path = { id: user.id };
  const update = useMutation({
    mutationFn: (body: { role?: Role; disabled?: boolean }) =>
      unwrap(client.PATCH('/api/v1/users/{id}', { params: { path }, body })),
    onSuccess: refresh,
    onError: (error) => notifyFailed(t('{{name}} was not changed', { name: user.name }), error),
  });
  const reset = useMutation({
    mutationFn: () => unwrap(client.POST('/api/v1/users/{id}/reset-second-factor', { params: { path } })),
    onSuccess: async () => {
      await refresh();
      ask.close();
    },
  });
  const unlink = useMutation({
    mutationFn: () => unwrap(client.POST('/api/v1/users/{id}/unlink-sso', { params: { path } })),
    onSuccess: async () => {
      await refresh();
      askUnlink.close();
    },
  });
  const self = user.id === me.id;
  return (
    <tr>
      <td className={classes.strong}>
        {user.name} {self ? <span className={classes.dim}>{t('(you)')}</span> : null}
      </td>
      <td>
        {user.email} {user.sso ? <Tag tone="idle">{t('Single sign-on')}</Tag> : null}
      </td>
      <td>{user.disabledAt ? <Tag tone="idle">{t('Disabled')}</Tag> : t(roleNames[user.role])}</td>
      <td>
        {user.secondFactor ? <Tag tone="ok">{t('On')}</Tag> : <span className={classes.dim}>{t('Off')}</span>}
      </td>
      <td className={classes.dim}>
        <Ago at={user.createdAt} />
      </td>
      <td className={classes.num}>
        {self ? null : (
          <Menu position="bottom-end" width={240}>
            <Menu.Target>
              <Button
                variant="default"
                size="compact-md"
                loading={update.isPending}
                aria-label={t('Change {{name}}', { name: user.name })}
              >
                {t('Change')}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Label>{t('Role')}</Menu.Label>
              {roleItems.map(({ value, label }) => (
                <Menu.Item
                  key={value}
                  disabled={value === user.role}
                  onClick={() => update.mutate({ role: value })}
                >
                  {t(label)}
                </Menu.Item>
              ))}
              <Menu.Divider />
              {user.secondFactor ? (
                <Menu.Item onClick={ask.open}>{t('Reset second factor')}</Menu.Item>
              ) : null}
              {user.sso ? <Menu.Item onClick={askUnlink.open}>{t('Unlink single sign-on')}</Menu.Item> : null}
              <Menu.Item
                {...(user.disabledAt ? {} : { color: 'red' })}
                onClick={() => update.mutate({ disabled: user.disabledAt === null })}
              >
                {user.disabledAt ? t('Enable again') : t('Disable')}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )}
        <ConfirmDialog
          opened={asking}
          onClose={ask.close}
          title={t('Reset the second factor of {{name}}?', { name: user.name })}
          confirm={t('Reset')}
          danger
          action={reset}
        >
          {t(
            'Be sure that it is {{name}} who asks. Their password alone signs them in afterwards, until they turn a second factor on again. Their sessions end now.',
            { name: user.name },
          )}
        </ConfirmDialog>
        <ConfirmDialog
          opened={unlinking}
          onClose={askUnlink.close}
          title={t('Unlink single sign-on of {{name}}?', { name: user.name })}
          confirm={t('Unlink')}
          danger
          action={unlink}
        >
          {t('They sign in with it no more until it is linked again. Their sessions end now.')}
        </ConfirmDialog>
      </td>
    </tr>
  );
}

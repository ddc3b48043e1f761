import { Button, Group, PasswordInput, Stack } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { client, unwrap } from '../api/client.js';
import { keys } from '../api/queries.js';
import { useMe } from '../api/session.js';
import { t } from '../i18n/index.js';
import { notifyDone } from '../ui/notify.js';
import { Problem } from '../ui/problem.js';

const shortest = 12;

/** The first password, or another one in place of the present. */
export function PasswordForm({ onClose }: { onClose?: () => void }) {
  const me = useMe();
  const queryClient = useQueryClient();
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const save = useMutation({
    mutationFn: () =>
      unwrap(
        client.PUT('/api/v1/auth/password', { body: { password, ...(me.hasPassword ? { current } : {}) } }),
      ),
    onSuccess: (updated) => {
      queryClient.setQueryData(keys.me, updated);
      onClose?.();
      notifyDone(t('Your password is set.'));
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const missing = shortest - password.length;

  return (
    <form onSubmit={submit}>
      <Stack>
        <input type="email" autoComplete="username" value={me.email} readOnly hidden />
        {me.hasPassword ? (
          <PasswordInput
            label={t('Current password')}
            autoComplete="current-password"
            value={current}
            onChange={(event) => setCurrent(event.currentTarget.value)}
          />
        ) : null}
        <PasswordInput
          label={t('New password')}
          description={
            password && missing > 0
              ? t('{{missing}} more to go: at least {{shortest}} characters', { missing, shortest })
              : t('At least {{shortest}} characters', { shortest })
          }
          autoComplete="new-password"
          data-autofocus
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Problem error={save.error} />
        <Group justify="flex-end">
          {onClose ? (
            <Button variant="default" size="md" onClick={onClose}>
              {t('Cancel')}
            </Button>
          ) : null}
          <Button size="md" type="submit" loading={save.isPending} disabled={missing > 0}>
            {t('Save password')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

import { Button, Group, PasswordInput, Stack } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { client, unwrap } from '../api/client.js';
import { keys } from '../api/queries.js';
import { useMe } from '../api/session.js';
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
      notifyDone('Your password is set.');
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
            label="Current password"
            autoComplete="current-password"
            value={current}
            onChange={(event) => setCurrent(event.currentTarget.value)}
          />
        ) : null}
        <PasswordInput
          label="New password"
          description={
            password && missing > 0
              ? `${missing} more to go: at least ${shortest} characters`
              : `At least ${shortest} characters`
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
              Cancel
            </Button>
          ) : null}
          <Button size="md" type="submit" loading={save.isPending} disabled={missing > 0}>
            Save password
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

import { Button, Group, Modal, Select, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { keys } from '../../api/queries.js';
import { useMe } from '../../api/session.js';
import type { Role } from '../../api/types.js';
import { Copyable } from '../../ui/copyable.js';
import { moment } from '../../ui/format.js';
import { Problem } from '../../ui/problem.js';
import { Note } from '../../ui/signal.js';
import { roleItems } from './roles.js';

const lifetimes = [
  { value: '7', label: 'One week' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'One year' },
];
const scopes = [
  { value: 'read', label: 'Read only' },
  { value: 'write', label: 'Read and write' },
];

export function AddApiKeyDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const me = useMe();
  const queryClient = useQueryClient();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [scope, setScope] = useState('read');
  const [days, setDays] = useState('90');
  const create = useMutation({
    mutationFn: () =>
      unwrap(
        client.POST('/api/v1/api-keys', {
          body: { name: name.trim(), role, writes: scope === 'write', days: Number(days) },
        }),
      ),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.apiKeys }),
  });
  const close = () => {
    onClose();
    setName('');
    create.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <Modal
      opened={opened}
      onClose={close}
      title="Make an API key"
      size="lg"
      closeOnClickOutside={!create.data}
    >
      {create.data ? (
        <Stack>
          <Note tone="warn">
            The key is shown only now. It acts for {create.data.key.owner} until{' '}
            {moment(create.data.key.expiresAt)}.
          </Note>
          <Copyable label="API key" text={create.data.secret} testId="api-key-secret" />
          <Copyable
            label="On the command line"
            text={`export LINESIDE_API_KEY=${create.data.secret}\nlineside devices list --server ${window.location.origin}`}
          />
          <Group justify="flex-end">
            <Button size="md" onClick={close}>
              Done
            </Button>
          </Group>
        </Stack>
      ) : (
        <form onSubmit={submit}>
          <Stack>
            <TextInput
              label="Name"
              description={`What uses it. It acts for ${me.email}, and never beyond what you may do yourself.`}
              data-autofocus
              required
              withAsterisk={false}
              maxLength={100}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Select
              label="Role"
              data={roleItems}
              value={role}
              onChange={(value) => setRole((value ?? 'viewer') as Role)}
              allowDeselect={false}
            />
            <Select
              label="Scope"
              data={scopes}
              value={scope}
              onChange={(value) => setScope(value ?? 'read')}
              allowDeselect={false}
            />
            <Select
              label="Valid for"
              data={lifetimes}
              value={days}
              onChange={(value) => setDays(value ?? '90')}
              allowDeselect={false}
            />
            <Problem error={create.error} />
            <Group justify="flex-end">
              <Button variant="default" size="md" onClick={close}>
                Cancel
              </Button>
              <Button size="md" type="submit" loading={create.isPending} disabled={!name.trim()}>
                Make key
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}

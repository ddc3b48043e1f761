import { Button, Group, Modal, Select, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { keys } from '../../api/queries.js';
import { useMe } from '../../api/session.js';
import type { Role } from '../../api/types.js';
import { choices, phrase, t } from '../../i18n/index.js';
import { Copyable } from '../../ui/copyable.js';
import { FormEnd } from '../../ui/form-end.js';
import { moment } from '../../ui/format.js';
import { Note } from '../../ui/signal.js';
import { roleItems } from './roles.js';

const lifetimes = [
  { value: '7', label: phrase('One week') },
  { value: '30', label: phrase('30 days') },
  { value: '90', label: phrase('90 days') },
  { value: '365', label: phrase('One year') },
];
const scopes = [
  { value: 'read', label: phrase('Read only') },
  { value: 'write', label: phrase('Read and write') },
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
      title={t('Make an API key')}
      size="lg"
      closeOnClickOutside={!create.data}
    >
      {create.data ? (
        <Stack>
          <Note tone="warn">
            {t('The key is shown only now. It acts for {{owner}} until {{expiresAt}}.', {
              owner: create.data.key.owner,
              expiresAt: moment(create.data.key.expiresAt),
            })}
          </Note>
          <Copyable label={t('API key')} text={create.data.secret} testId="api-key-secret" />
          <Copyable
            label={t('On the command line')}
            text={`export LINESIDE_API_KEY=${create.data.secret}\nlineside devices list --server ${window.location.origin}`}
          />
          <Group justify="flex-end">
            <Button size="md" onClick={close}>
              {t('Done')}
            </Button>
          </Group>
        </Stack>
      ) : (
        <form onSubmit={submit}>
          <Stack>
            <TextInput
              label={t('Name')}
              description={t(
                'What uses it. It acts for {{email}}, and never beyond what you may do yourself.',
                { email: me.email },
              )}
              data-autofocus
              required
              withAsterisk={false}
              maxLength={100}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Select
              label={t('Role')}
              data={choices(roleItems)}
              value={role}
              onChange={(value) => setRole((value ?? 'viewer') as Role)}
              allowDeselect={false}
            />
            <Select
              label={t('Scope')}
              data={choices(scopes)}
              value={scope}
              onChange={(value) => setScope(value ?? 'read')}
              allowDeselect={false}
            />
            <Select
              label={t('Valid for')}
              data={choices(lifetimes)}
              value={days}
              onChange={(value) => setDays(value ?? '90')}
              allowDeselect={false}
            />
            <FormEnd work={create} leave={close} disabled={!name.trim()}>
              {t('Make key')}
            </FormEnd>
          </Stack>
        </form>
      )}
    </Modal>
  );
}

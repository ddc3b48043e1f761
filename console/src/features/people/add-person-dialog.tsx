import { Button, Group, Modal, Select, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { keys } from '../../api/queries.js';
import type { Role } from '../../api/types.js';
import { choices, t } from '../../i18n/index.js';
import { Copyable } from '../../ui/copyable.js';
import { FormEnd } from '../../ui/form-end.js';
import { Note } from '../../ui/signal.js';
import { roleItems } from './roles.js';

export function AddPersonDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const queryClient = useQueryClient();
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('operator');
  const create = useMutation({
    mutationFn: () =>
      unwrap(client.POST('/api/v1/users', { body: { name: name.trim(), email: email.trim(), role } })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.users }),
  });
  const close = () => {
    onClose();
    setName('');
    setEmail('');
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
      title={t('Add a person')}
      size="lg"
      closeOnClickOutside={!create.data}
    >
      {create.data ? (
        <Stack>
          <Note tone="warn">
            {t('Send this link to {{name}} yourself. It signs in once, and is shown only now.', {
              name: create.data.user.name,
            })}
          </Note>
          <Copyable
            label={t('One-time sign-in link')}
            text={new URL(create.data.signInPath, window.location.origin).href}
            testId="sign-in-link"
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
              data-autofocus
              required
              withAsterisk={false}
              maxLength={100}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <TextInput
              label={t('E-mail')}
              type="email"
              required
              withAsterisk={false}
              maxLength={200}
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
            />
            <Select
              label={t('Role')}
              data={choices(roleItems)}
              value={role}
              onChange={(value) => setRole((value ?? 'operator') as Role)}
              allowDeselect={false}
            />
            <FormEnd work={create} leave={close} disabled={!name.trim() || !email.trim()}>
              {t('Add')}
            </FormEnd>
          </Stack>
        </form>
      )}
    </Modal>
  );
}

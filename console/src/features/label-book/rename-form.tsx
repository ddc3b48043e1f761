import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import type { ClassItem } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { ChangeForm } from './change-form.js';
import { useClassChange } from './use-class-change.js';

export function RenameForm({ item, close }: { item: ClassItem; close: () => void }) {
  const [name, setName] = useState(item.name);
  const change = useClassChange(
    (requestId) =>
      unwrap(
        client.POST('/api/v1/classes/{id}/rename', {
          params: { path: { id: item.id } },
          body: { requestId, name: name.trim() },
        }),
      ),
    close,
  );
  return (
    <ChangeForm
      change={change}
      close={close}
      verb={t('Rename')}
      ready={name.trim() !== '' && name.trim() !== item.name}
    >
      <TextInput
        label={t('Name')}
        description={t('Labels follow. Dataset versions and models keep the name they were made with.')}
        data-autofocus
        maxLength={100}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        data-testid="new-name"
      />
    </ChangeForm>
  );
}

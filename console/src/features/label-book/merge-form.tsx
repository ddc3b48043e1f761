import { Select } from '@mantine/core';
import { useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import type { ClassItem } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { ChangeForm } from './change-form.js';
import { EffectsNote } from './effects-note.js';
import { useClassChange } from './use-class-change.js';

interface MergeFormProps {
  item: ClassItem;
  classList: readonly ClassItem[];
  close: () => void;
}

export function MergeForm({ item, classList, close }: MergeFormProps) {
  const [into, setInto] = useState<string | null>(null);
  const change = useClassChange(
    (requestId) =>
      unwrap(
        client.POST('/api/v1/classes/{id}/merge', {
          params: { path: { id: item.id } },
          body: { requestId, into: into ?? '' },
        }),
      ),
    close,
  );
  const name = classList.find(({ id }) => id === into)?.name ?? t('the other class');
  return (
    <ChangeForm change={change} close={close} verb={t('Merge')} ready={into !== null}>
      <Select
        label={t('{{name}} becomes part of', { name: item.name })}
        placeholder={t('Choose a class')}
        data-autofocus
        data={classList
          .filter(({ id }) => id !== item.id)
          .map(({ id, name: label }) => ({ value: id, label }))}
        value={into}
        onChange={setInto}
        data-testid="merge-into"
      />
      <EffectsNote
        classId={item.id}
        frames={(counted, many) => t('{{counted}} get the label {{name}}.', { count: many, counted, name })}
        boxes={(counted) => t('So do the boxes of {{counted}}.', { counted })}
      />
      <p style={{ margin: 0, lineHeight: 1.5 }}>
        {t(
          'Dataset versions and models stay as they are. What cameras decide for {{name}} is shown as {{name2}}. It can be undone in the history below.',
          { name: item.name, name2: name },
        )}
      </p>
    </ChangeForm>
  );
}

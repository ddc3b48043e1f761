import { Select } from '@mantine/core';
import { useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import type { ClassItem } from '../../api/types.js';
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
  const name = classList.find(({ id }) => id === into)?.name ?? 'the other class';
  return (
    <ChangeForm change={change} close={close} verb="Merge" ready={into !== null}>
      <Select
        label={`${item.name} becomes part of`}
        placeholder="Choose a class"
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
        frames={(counted, many) => `${counted} ${many === 1 ? 'gets' : 'get'} the label ${name}.`}
        boxes={(counted) => `So do the boxes of ${counted}.`}
      />
      <p style={{ margin: 0, lineHeight: 1.5 }}>
        Dataset versions and models stay as they are. What cameras decide for {item.name} is shown as {name}.
        It can be undone in the history below.
      </p>
    </ChangeForm>
  );
}

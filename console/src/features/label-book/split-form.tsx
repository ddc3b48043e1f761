import { Button, TextInput } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import type { ClassItem } from '../../api/types.js';
import { ChangeForm } from './change-form.js';
import { EffectsNote } from './effects-note.js';
import { useClassChange } from './use-class-change.js';

const mostParts = 8;

export function SplitForm({ item, close }: { item: ClassItem; close: () => void }) {
  const [names, setNames] = useState(['', '']);
  const into = names.map((name) => name.trim()).filter((name) => name !== '');
  const change = useClassChange(
    (requestId) =>
      unwrap(
        client.POST('/api/v1/classes/{id}/split', {
          params: { path: { id: item.id } },
          body: { requestId, into },
        }),
      ),
    close,
  );
  return (
    <ChangeForm change={change} close={close} verb="Split" ready={into.length >= 2}>
      {names.map((name, place) => (
        <TextInput
          // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place
          key={place}
          label={`Part ${place + 1}`}
          maxLength={100}
          {...(place === 0 ? { 'data-autofocus': true } : {})}
          value={name}
          onChange={({ currentTarget: { value } }) =>
            setNames(names.map((each, at) => (at === place ? value : each)))
          }
          data-testid={`part-${place + 1}`}
        />
      ))}
      {names.length < mostParts ? (
        <Button
          variant="subtle"
          leftSection={<IconPlus size={18} />}
          onClick={() => setNames([...names, ''])}
          style={{ alignSelf: 'flex-start' }}
        >
          Another part
        </Button>
      ) : null}
      <EffectsNote
        classId={item.id}
        frames={(counted, many) =>
          `${counted} ${many === 1 ? 'loses its label and waits' : 'lose their label and wait'} in the review queue, the most doubtful first, to be labelled anew.`
        }
        boxes={(counted) => `Boxes on ${counted} keep ${item.name} until they are drawn anew.`}
      />
      <p style={{ margin: 0, lineHeight: 1.5 }}>
        Dataset versions and models stay as they are. It can be undone until somebody has answered one of the
        frames.
      </p>
    </ChangeForm>
  );
}

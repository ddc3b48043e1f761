import { Button, TextInput } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import type { ClassItem } from '../../api/types.js';
import { t } from '../../i18n/index.js';
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
    <ChangeForm change={change} close={close} verb={t('Split')} ready={into.length >= 2}>
      {names.map((name, place) => (
        <TextInput
          // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place
          key={place}
          label={t('Part {{place}}', { place: place + 1 })}
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
          {t('Another part')}
        </Button>
      ) : null}
      <EffectsNote
        classId={item.id}
        frames={(counted, many) =>
          t(
            '{{counted}} lose their label and wait in the review queue, the most doubtful first, to be labelled anew.',
            { count: many, counted },
          )
        }
        boxes={(counted) =>
          t('Boxes on {{counted}} keep {{name}} until they are drawn anew.', { counted, name: item.name })
        }
      />
      <p style={{ margin: 0, lineHeight: 1.5 }}>
        {t(
          'Dataset versions and models stay as they are. It can be undone until somebody has answered one of the frames.',
        )}
      </p>
    </ChangeForm>
  );
}

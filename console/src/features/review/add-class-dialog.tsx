import { ColorSwatch, Group, Modal, Stack, TextInput } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { classesQuery, keys } from '../../api/queries.js';
import { t } from '../../i18n/index.js';
import { FormEnd } from '../../ui/form-end.js';
import classes from './review.module.css';
import { instantly } from './use-keys.js';

/** Told apart also by people who see colour differently (after Okabe and Ito). */
const palette = [
  '#009e73',
  '#d55e00',
  '#0072b2',
  '#cc79a7',
  '#e69f00',
  '#56b4e9',
  '#b3a90f',
  '#7a5fc7',
  '#8a5a44',
  '#6b7785',
];

export function AddClassDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const queryClient = useQueryClient();
  const existing = useQuery(classesQuery).data ?? [];
  const [name, setName] = useState('');
  const [picked, setPicked] = useState<string | null>(null);
  const free = palette.find((colour) => !existing.some((each) => each.colour === colour)) ?? palette[0]!;
  const colour = picked ?? free;
  const create = useMutation({
    mutationFn: () => unwrap(client.POST('/api/v1/classes', { body: { name: name.trim(), colour } })),
    onSuccess: async () => {
      setName('');
      setPicked(null);
      await queryClient.invalidateQueries({ queryKey: keys.classes });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim()) create.mutate();
  };

  return (
    <Modal opened={opened} onClose={onClose} title={t('Add classes')} transitionProps={instantly}>
      <form onSubmit={submit}>
        <Stack>
          {existing.length > 0 ? (
            <Group gap={8}>
              {existing.map((each) => (
                <span key={each.id} className={classes.known} style={{ '--class-colour': each.colour }}>
                  {each.name}
                </span>
              ))}
            </Group>
          ) : null}
          <TextInput
            label={t('Name')}
            description={t('What a frame can be, such as good, scratch or dent.')}
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={100}
            data-testid="class-name"
          />
          <Group gap={7} role="radiogroup" aria-label={t('Colour')}>
            {palette.map((each) => (
              <ColorSwatch
                key={each}
                component="button"
                type="button"
                role="radio"
                aria-checked={each === colour}
                aria-label={each}
                color={each}
                size={32}
                onClick={() => setPicked(each)}
                style={{ color: '#fff', cursor: 'pointer' }}
              >
                {each === colour ? <IconCheck size={18} /> : null}
              </ColorSwatch>
            ))}
          </Group>
          <FormEnd work={create} leave={onClose} leaveLabel={t('Done')} disabled={!name.trim()}>
            {t('Add class')}
          </FormEnd>
        </Stack>
      </form>
    </Modal>
  );
}

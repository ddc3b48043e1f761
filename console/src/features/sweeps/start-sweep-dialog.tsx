import { Checkbox, Modal, MultiSelect, Stack } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { architecturesQuery, keys } from '../../api/queries.js';
import { t } from '../../i18n/index.js';
import { FormEnd } from '../../ui/form-end.js';

interface Props {
  opened: boolean;
  onClose: () => void;
}

export const StartSweepDialog = (props: Props) => (
  <Modal opened={props.opened} onClose={props.onClose} title={t('Start a bake-off')} size="lg">
    {props.opened ? <StartSweepForm {...props} /> : null}
  </Modal>
);

function StartSweepForm({ onClose }: Props) {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const architectures = useQuery(architecturesQuery).data ?? [];
  const [chosen, setChosen] = useState<string[]>([]);
  const [tails, setTails] = useState(true);
  const start = useMutation({
    mutationFn: () =>
      unwrap(
        client.POST('/api/v1/training/sweeps', {
          body: {
            modes: tails ? ['head', 'tail'] : ['head'],
            ...(chosen.length > 0 ? { architectures: chosen } : {}),
          },
        }),
      ),
    onSuccess: async (run) => {
      await queryClient.invalidateQueries({ queryKey: keys.training });
      await navigate({ to: '/training/$runId', params: { runId: run.id } });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    start.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <p style={{ margin: 0, lineHeight: 1.5 }}>
          {t(
            'Every architecture is tried at its own size, and at larger ones where the pictures have the pixels: heads on a few frames, the better half on all of them, and tails for the better half of those.',
          )}
        </p>
        <MultiSelect
          label={t('Architectures')}
          description={t('None chosen: all of them')}
          size="md"
          data={architectures.map(({ id, name }) => ({ value: id, label: name }))}
          value={chosen}
          onChange={setChosen}
          clearable
        />
        <Checkbox
          label={t('Fine-tune tails too (minutes)')}
          size="md"
          checked={tails}
          onChange={(event) => setTails(event.currentTarget.checked)}
        />
        <FormEnd work={start} leave={onClose} testId="sweep-submit">
          {t('Start')}
        </FormEnd>
      </Stack>
    </form>
  );
}

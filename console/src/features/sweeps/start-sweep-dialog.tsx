import { Button, Checkbox, Group, Modal, MultiSelect, Stack } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { architecturesQuery, keys } from '../../api/queries.js';
import { Problem } from '../../ui/problem.js';

interface Props {
  opened: boolean;
  onClose: () => void;
}

export const StartSweepDialog = (props: Props) => (
  <Modal opened={props.opened} onClose={props.onClose} title="Start a bake-off" size="lg">
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
          Every architecture is tried at its own size, and at larger ones where the pictures have the pixels:
          heads on a few frames, the better half on all of them, and tails for the better half of those.
        </p>
        <MultiSelect
          label="Architectures"
          description="None chosen: all of them"
          size="md"
          data={architectures.map(({ id, name }) => ({ value: id, label: name }))}
          value={chosen}
          onChange={setChosen}
          clearable
        />
        <Checkbox
          label="Fine-tune tails too (minutes)"
          size="md"
          checked={tails}
          onChange={(event) => setTails(event.currentTarget.checked)}
        />
        <Problem error={start.error} />
        <Group justify="flex-end">
          <Button variant="default" size="md" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" size="md" loading={start.isPending} data-testid="sweep-submit">
            Start
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

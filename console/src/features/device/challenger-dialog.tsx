import { Button, Group, Modal, MultiSelect, NumberInput, Select, Stack } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { devicesQuery, keys, modelsQuery } from '../../api/queries.js';
import { plural } from '../../ui/format.js';
import { notifyDone } from '../../ui/notify.js';
import { Problem } from '../../ui/problem.js';
import { Note } from '../../ui/signal.js';

interface Props {
  opened: boolean;
  onClose: () => void;
  /** Chosen at first; none: the whole fleet. */
  deviceIds: string[];
  modelId: string | null;
  share?: number;
}

export function ChallengerDialog(props: Props) {
  return (
    <Modal opened={props.opened} onClose={props.onClose} title="Set a challenger" size="lg">
      {props.opened ? <ChallengerForm {...props} /> : null}
    </Modal>
  );
}

function ChallengerForm({ onClose, deviceIds, modelId, share = 0.25 }: Props) {
  const queryClient = useQueryClient();
  const loaded = useQuery(modelsQuery).data;
  const models = loaded ?? [];
  const devices = (useQuery(devicesQuery).data ?? []).filter(({ revokedAt }) => revokedAt === null);
  const [model, setModel] = useState(modelId);
  const [chosen, setChosen] = useState(deviceIds);
  const [percentage, setPercentage] = useState<number | string>(Math.round(share * 100));
  const chosenModel = model ?? models.find(({ champion }) => !champion)?.id ?? null;
  const set = useMutation({
    mutationFn: (modelVersionId: string) =>
      unwrap(
        client.POST('/api/v1/challengers', {
          body: {
            modelVersionId,
            share: Number(percentage) / 100,
            ...(chosen.length > 0 ? { deviceIds: chosen } : {}),
          },
        }),
      ),
    onSuccess: async ({ items }, modelVersionId) => {
      await queryClient.invalidateQueries({ queryKey: keys.devices });
      await queryClient.invalidateQueries({ queryKey: keys.challengers });
      onClose();
      notifyDone(`${modelVersionId} challenges the model of ${plural(items.length, 'device')}.`);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (chosenModel) set.mutate(chosenModel);
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Select
          label="Model"
          data={models.map(({ id, champion }) => ({ value: id, label: champion ? `${id}, champion` : id }))}
          value={chosenModel}
          onChange={setModel}
          allowDeselect={false}
          nothingFoundMessage="No model yet"
          data-testid="challenger-model"
        />
        {loaded && chosenModel === null ? (
          <Note tone="warn">There is no model besides the champion yet: train one first.</Note>
        ) : null}
        <MultiSelect
          label="Devices"
          description="None chosen: the whole fleet"
          size="md"
          data={devices.map(({ id, name }) => ({ value: id, label: name }))}
          value={chosen}
          onChange={setChosen}
          searchable
          clearable
        />
        <NumberInput
          label="Share of frames it sees"
          description="Each costs the device one more inference"
          min={1}
          max={100}
          allowDecimal={false}
          suffix=" %"
          value={percentage}
          onChange={setPercentage}
          data-testid="challenger-share"
        />
        <Problem error={set.error} />
        <Group justify="flex-end">
          <Button variant="default" size="md" onClick={onClose}>
            Cancel
          </Button>
          <Button
            size="md"
            type="submit"
            loading={set.isPending}
            disabled={!chosenModel || !(Number(percentage) > 0)}
            data-testid="challenger-start"
          >
            Set challenger
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

import { Modal, MultiSelect, NumberInput, Select, Stack } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { devicesQuery, keys, modelsQuery } from '../../api/queries.js';
import { t } from '../../i18n/index.js';
import { FormEnd } from '../../ui/form-end.js';
import { notifyDone } from '../../ui/notify.js';
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
    <Modal opened={props.opened} onClose={props.onClose} title={t('Set a challenger')} size="lg">
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
      notifyDone(
        t('{{modelVersionId}} challenges the model of {{count, number}} devices.', {
          count: items.length,
          modelVersionId,
        }),
      );
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
          label={t('Model')}
          data={models.map(({ id, champion }) => ({
            value: id,
            label: champion ? t('{{id}}, champion', { id }) : id,
          }))}
          value={chosenModel}
          onChange={setModel}
          allowDeselect={false}
          nothingFoundMessage={t('No model yet')}
          data-testid="challenger-model"
        />
        {loaded && chosenModel === null ? (
          <Note tone="warn">{t('There is no model besides the champion yet: train one first.')}</Note>
        ) : null}
        <MultiSelect
          label={t('Devices')}
          description={t('None chosen: the whole fleet')}
          size="md"
          data={devices.map(({ id, name }) => ({ value: id, label: name }))}
          value={chosen}
          onChange={setChosen}
          searchable
          clearable
        />
        <NumberInput
          label={t('Share of frames it sees')}
          description={t('Each costs the device one more inference')}
          min={1}
          max={100}
          allowDecimal={false}
          suffix=" %"
          value={percentage}
          onChange={setPercentage}
          data-testid="challenger-share"
        />
        <FormEnd
          work={set}
          leave={onClose}
          disabled={!chosenModel || !(Number(percentage) > 0)}
          testId="challenger-start"
        >
          {t('Set challenger')}
        </FormEnd>
      </Stack>
    </form>
  );
}

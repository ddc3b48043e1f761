import { Modal, SegmentedControl, Select, Stack } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { devicesQuery, keys, modelsQuery, rolloutRulesQuery } from '../../api/queries.js';
import { t } from '../../i18n/index.js';
import { FormEnd } from '../../ui/form-end.js';
import { percent } from '../../ui/format.js';
import { VerdictHint } from '../training/verdict-hint.js';
import type { Strategy } from './plan.js';
import { PreviewNote } from './preview-note.js';
import { type Selection, SelectionFields } from './selection-fields.js';
import { StrategyFields, startingStrategies } from './strategy-fields.js';

interface Props {
  opened: boolean;
  onClose: () => void;
  /** The model to roll out; null lets the person choose. */
  modelId: string | null;
}

export function CreateRolloutDialog({ opened, onClose, modelId }: Props) {
  return (
    <Modal opened={opened} onClose={onClose} title={t('Roll out a model')} size="min(1080px, 96vw)">
      {opened ? <RolloutForm modelId={modelId} onClose={onClose} /> : null}
    </Modal>
  );
}

function RolloutForm({ modelId, onClose }: { modelId: string | null; onClose: () => void }) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const models = useQuery(modelsQuery).data ?? [];
  const devices = (useQuery(devicesQuery).data ?? []).filter(({ revokedAt }) => revokedAt === null);
  const fourEyes = useQuery(rolloutRulesQuery).data?.rules.fourEyes ?? false;
  const [chosen, setChosen] = useState(modelId);
  const [kind, setKind] = useState<Strategy['kind']>('canary');
  const [strategies, setStrategies] = useState(startingStrategies);
  const [selection, setSelection] = useState<Selection>({});
  const model = chosen ?? models[0]?.id ?? null;
  const strategy = strategies[kind];
  const change = (changed: Strategy) => setStrategies({ ...strategies, [changed.kind]: changed });

  const create = useMutation({
    mutationFn: (modelVersionId: string) => {
      return unwrap(
        client.POST('/api/v1/rollouts', { body: { modelVersionId, strategy, selection, start: true } }),
      );
    },
    onSuccess: async (rollout) => {
      await queryClient.invalidateQueries({ queryKey: keys.rollouts });
      onClose();
      await navigate({ to: '/rollouts/$rolloutId', params: { rolloutId: rollout.id } });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (model) create.mutate(model);
  };

  return (
    <form onSubmit={submit}>
      <Stack>
        <Select
          label={t('Model')}
          data={models.map((each) => ({
            value: each.id,
            label: `${each.id}${each.champion ? t(', champion') : ''}${
              each.balancedAccuracy === null
                ? ''
                : t(', {{balancedAccuracy}} balanced accuracy', {
                    balancedAccuracy: percent(each.balancedAccuracy, 1),
                  })
            }`,
          }))}
          value={model}
          onChange={setChosen}
          allowDeselect={false}
          data-testid="rollout-model"
        />
        <VerdictHint runId={models.find(({ id }) => id === model)?.trainingRunId ?? null} />
        <SegmentedControl
          fullWidth
          size="md"
          value={kind}
          onChange={(value) => setKind(value as typeof kind)}
          data={[
            { value: 'canary', label: t('Canary first') },
            { value: 'shadow_first', label: t('Shadow first') },
            { value: 'staged', label: t('In stages') },
            { value: 'all_at_once', label: t('All at once') },
          ]}
          aria-label={t('Strategy')}
          data-testid="rollout-strategy"
        />
        <StrategyFields strategy={strategy} devices={devices.length} onChange={change} />
        <SelectionFields devices={devices} selection={selection} onChange={setSelection} />
        <PreviewNote
          draft={model ? { modelVersionId: model, strategy, selection } : null}
          fourEyes={fourEyes}
        />
        <FormEnd
          work={create}
          leave={onClose}
          disabled={!model || devices.length === 0}
          testId="rollout-start"
        >
          {fourEyes ? t('Stage for approval') : t('Start rollout')}
        </FormEnd>
      </Stack>
    </form>
  );
}

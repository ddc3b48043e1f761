import { Button, Checkbox, Group, Modal, NumberInput, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { keys, retrainRulesQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { RetrainRules } from '../../api/types.js';
import { integer, plural } from '../../ui/format.js';
import { Panel } from '../../ui/page.js';
import { Problem } from '../../ui/problem.js';
import classes from './training.module.css';

/** The rules in force as one sentence's end; empty: none. */
function rulesInWords({ newLabels, drift, novelFrames, everyHours }: RetrainRules): string {
  const parts = [
    ...(newLabels === null ? [] : [`after ${plural(newLabels, 'new label')}`]),
    ...(drift ? ['after a drift alarm, once there are new labels'] : []),
    ...(novelFrames === null
      ? []
      : [`after ${integer(novelFrames)} frames unlike what the model learnt from`]),
    ...(everyHours === null ? [] : [`every ${plural(everyHours, 'hour')} if there are new labels`]),
  ];
  return parts.join(', or ');
}

/** When a run starts without being asked, and that it ends in a challenger. */
export function RetrainPanel() {
  const rules = useQuery(retrainRulesQuery).data;
  const engineer = useMay('engineer');
  const [changing, change] = useDisclosure(false);
  if (!rules) return null;
  const words = rulesInWords(rules);
  return (
    <Panel>
      <div className={classes.testSet} data-testid="retrain-rules">
        <p>
          {words === '' ? (
            'Training starts only when somebody asks for it.'
          ) : (
            <>
              Training also starts <b>by itself</b> {words}. Its model becomes the challenger; nothing is
              rolled out.
            </>
          )}
        </p>
        {engineer ? (
          <Button variant="default" size="md" onClick={change.open} data-testid="change-retrain-rules">
            {words === '' ? 'Train by rule' : 'Change rules'}
          </Button>
        ) : null}
      </div>
      <Modal opened={changing} onClose={change.close} title="Train by rule" size="lg">
        {changing ? <RulesForm rules={rules} onClose={change.close} /> : null}
      </Modal>
    </Panel>
  );
}

const orNull = (value: number | string): number | null => (value === '' ? null : Math.round(Number(value)));

function RulesForm({ rules, onClose }: { rules: RetrainRules; onClose: () => void }) {
  const queryClient = useQueryClient();
  const [newLabels, setNewLabels] = useState<number | string>(rules.newLabels ?? '');
  const [drift, setDrift] = useState(rules.drift);
  const [novelFrames, setNovelFrames] = useState<number | string>(rules.novelFrames ?? '');
  const [everyHours, setEveryHours] = useState<number | string>(rules.everyHours ?? '');
  const save = useMutation({
    mutationFn: () =>
      unwrap(
        client.PUT('/api/v1/training/rules', {
          body: {
            ...{ newLabels: orNull(newLabels), drift },
            ...{ novelFrames: orNull(novelFrames), everyHours: orNull(everyHours) },
          },
        }),
      ),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.training });
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <p style={{ margin: 0, lineHeight: 1.5 }}>
          A run starts as the last one did, when there are new labels and at most once an hour. Leave a field
          empty to do without its rule.
        </p>
        <NumberInput
          label="New labels since the last training"
          min={1}
          max={1_000_000}
          allowDecimal={false}
          value={newLabels}
          onChange={setNewLabels}
          data-testid="rule-new-labels"
        />
        <Checkbox
          label="After a drift alarm"
          description="The random sample shows that devices no longer see what they used to see"
          checked={drift}
          onChange={(event) => setDrift(event.currentTarget.checked)}
          data-testid="rule-drift"
        />
        <NumberInput
          label="Frames unlike what the model learnt from"
          description="Flagged as novel by the cameras since the last training"
          min={1}
          max={1_000_000}
          allowDecimal={false}
          value={novelFrames}
          onChange={setNovelFrames}
        />
        <NumberInput
          label="Hours since the last run"
          min={1}
          max={8784}
          allowDecimal={false}
          value={everyHours}
          onChange={setEveryHours}
        />
        <Problem error={save.error} />
        <Group justify="flex-end">
          <Button variant="default" size="md" onClick={onClose}>
            Cancel
          </Button>
          <Button size="md" type="submit" loading={save.isPending} data-testid="save-retrain-rules">
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

import { Button, Checkbox, Modal, NumberInput, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { keys, retrainRulesQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { RetrainRules } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Trans } from '../../i18n/trans.js';
import { FormEnd } from '../../ui/form-end.js';
import { integer } from '../../ui/format.js';
import { Panel } from '../../ui/page.js';
import classes from './training.module.css';

/** The rules in force as one sentence's end; empty: none. */
function rulesInWords({ newLabels, drift, novelFrames, everyHours }: RetrainRules): string {
  const parts = [
    ...(newLabels === null ? [] : [t('after {{count, number}} new labels', { count: newLabels })]),
    ...(drift ? [t('after a drift alarm, once there are new labels')] : []),
    ...(novelFrames === null
      ? []
      : [
          t('after {{novelFrames}} frames unlike what the model learnt from', {
            novelFrames: integer(novelFrames),
          }),
        ]),
    ...(everyHours === null
      ? []
      : [t('every {{count, number}} hours if there are new labels', { count: everyHours })]),
  ];
  return parts.join(t(', or '));
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
            t('Training starts only when somebody asks for it.')
          ) : (
            <Trans
              i18nKey={
                'Training also starts <b>by itself</b> {{words}}. Its model becomes the challenger; nothing is rolled out.'
              }
              values={{ words }}
              components={{ b: <b /> }}
            />
          )}
        </p>
        {engineer ? (
          <Button variant="default" size="md" onClick={change.open} data-testid="change-retrain-rules">
            {words === '' ? t('Train by rule') : t('Change rules')}
          </Button>
        ) : null}
      </div>
      <Modal opened={changing} onClose={change.close} title={t('Train by rule')} size="lg">
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
          {t(
            'A run starts as the last one did, when there are new labels and at most once an hour. Leave a field empty to do without its rule.',
          )}
        </p>
        <NumberInput
          label={t('New labels since the last training')}
          min={1}
          max={1_000_000}
          allowDecimal={false}
          value={newLabels}
          onChange={setNewLabels}
          data-testid="rule-new-labels"
        />
        <Checkbox
          label={t('After a drift alarm')}
          description={t('The random sample shows that devices no longer see what they used to see')}
          checked={drift}
          onChange={(event) => setDrift(event.currentTarget.checked)}
          data-testid="rule-drift"
        />
        <NumberInput
          label={t('Frames unlike what the model learnt from')}
          description={t('Flagged as novel by the cameras since the last training')}
          min={1}
          max={1_000_000}
          allowDecimal={false}
          value={novelFrames}
          onChange={setNovelFrames}
        />
        <NumberInput
          label={t('Hours since the last run')}
          min={1}
          max={8784}
          allowDecimal={false}
          value={everyHours}
          onChange={setEveryHours}
        />
        <FormEnd work={save} leave={onClose} testId="save-retrain-rules">
          {t('Save')}
        </FormEnd>
      </Stack>
    </form>
  );
}

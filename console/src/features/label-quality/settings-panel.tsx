import { Button, NumberInput, Switch } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { keys, opinionSettingsQuery } from '../../api/queries.js';
import type { OpinionSettings } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { notifyDone } from '../../ui/notify.js';
import { Panel } from '../../ui/page.js';
import { Problem } from '../../ui/problem.js';
import classes from './label-quality.module.css';

/** How often labels are checked. */
export function SettingsPanel() {
  const settings = useQuery(opinionSettingsQuery).data;
  return settings ? (
    <Panel title={t('How often labels are checked')}>
      <SettingsForm key={JSON.stringify(settings)} settings={settings} />
    </Panel>
  ) : null;
}

function SettingsForm({ settings }: { settings: OpinionSettings }) {
  const queryClient = useQueryClient();
  const [share, setShare] = useState<number | string>(settings.secondOpinions * 100);
  const [sure, setSure] = useState<number | string>(
    settings.sureModel === null ? '' : settings.sureModel * 100,
  );
  const [known, setKnown] = useState<number | string>(settings.knownAnswers * 100);
  const [disputed, setDisputed] = useState(settings.disputedInDatasets);
  const save = useMutation({
    mutationFn: () =>
      unwrap(
        client.PUT('/api/v1/label-quality/settings', {
          body: {
            secondOpinions: Number(share) / 100,
            sureModel: sure === '' ? null : Number(sure) / 100,
            knownAnswers: Number(known) / 100,
            disputedInDatasets: disputed,
          },
        }),
      ),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.quality });
      notifyDone(t('Kept. It counts for labels from now on.'));
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit} className={classes.settings} data-testid="quality-settings">
      <NumberInput
        label={t('Second opinions')}
        description={t('Share of all labels')}
        suffix=" %"
        min={0}
        max={100}
        decimalScale={1}
        value={share}
        onChange={setShare}
        w={180}
      />
      <NumberInput
        label={t('Labels that contradict a model')}
        description={t('When it was at least so sure; empty: never')}
        suffix=" %"
        min={0}
        max={100}
        decimalScale={1}
        value={sure}
        onChange={setSure}
        w={280}
      />
      <NumberInput
        label={t('Known answers')}
        description={t('Share of what a person is asked')}
        suffix=" %"
        min={0}
        max={50}
        decimalScale={1}
        value={known}
        onChange={setKnown}
        w={220}
      />
      <Switch
        label={t('Disputed frames go into datasets all the same')}
        checked={disputed}
        onChange={(event) => setDisputed(event.currentTarget.checked)}
        pb={8}
      />
      <Button type="submit" size="md" variant="default" loading={save.isPending} data-testid="save-quality">
        {t('Save')}
      </Button>
      <Problem error={save.error} />
    </form>
  );
}

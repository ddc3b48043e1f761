import { Select } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { client, unwrap } from '../../api/client.js';
import { useMe } from '../../api/session.js';
import { t } from '../../i18n/index.js';
import { notifyFailed } from '../../ui/notify.js';
import { Panel } from '../../ui/page.js';
import classes from '../../ui/page.module.css';
import { zones } from '../../ui/zone.js';

const ofTheReader = '';

/** In which zone everyone reads times. */
export function PlantPanel() {
  const { timeZone } = useMe();
  const save = useMutation({
    mutationFn: (chosen: string) =>
      unwrap(client.PUT('/api/v1/plant', { body: { timeZone: chosen === ofTheReader ? null : chosen } })),
    // Every time on every page is another one.
    onSuccess: () => window.location.reload(),
    onError: (error) => notifyFailed(t('The time zone was not changed'), error),
  });
  return (
    <>
      <div className={classes.header}>
        <h2>{t('Time zone of the plant')}</h2>
        <span className={classes.sub}>
          {t('In which everyone reads times, and a day of labelling begins')}
        </span>
      </div>
      <Panel>
        <Select
          aria-label={t('Time zone of the plant')}
          maw={420}
          searchable
          allowDeselect={false}
          data={[{ value: ofTheReader, label: t('That of whoever looks') }, ...zones()]}
          value={timeZone ?? ofTheReader}
          disabled={save.isPending}
          onChange={(chosen) => chosen !== null && save.mutate(chosen)}
          data-testid="plant-zone"
        />
      </Panel>
    </>
  );
}

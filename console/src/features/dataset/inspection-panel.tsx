import { Button, Progress } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChartDots3, IconZoomScan } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { client, unwrap } from '../../api/client.js';
import { inspectionQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { FrameFilter } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Ago } from '../../ui/clock.js';
import { notifyFailed } from '../../ui/notify.js';
import { Note } from '../../ui/signal.js';
import classes from './dataset.module.css';
import { MapDialog } from './map-dialog.js';

/** Looks all frames through for what a person should see: when that was, doing it now, and what it leads to. */
export function InspectionPanel({ only }: { only: (filter: FrameFilter) => void }) {
  const queryClient = useQueryClient();
  const inspection = useQuery(inspectionQuery).data;
  const operator = useMay('operator');
  const [mapOpen, map] = useDisclosure(false);
  const set = useMutation({
    mutationFn: (run: boolean) =>
      unwrap(
        run
          ? client.POST('/api/v1/explorer/inspection', { body: {} })
          : client.DELETE('/api/v1/explorer/inspection'),
      ),
    onSuccess: (data) => queryClient.setQueryData(inspectionQuery.queryKey, data),
    onError: (error) => notifyFailed(t('That did not work'), error),
  });
  if (!inspection) return null;
  const { last, state } = inspection;
  return (
    <fieldset className={classes.facet} data-testid="inspection" data-state={state}>
      <legend>{t('Looked through')}</legend>
      {state === 'running' ? (
        <div className={classes.inspection}>
          <Progress
            value={100 * (inspection.progress ?? 0)}
            animated
            aria-label={t('Looking through the frames')}
          />
          <Button variant="default" size="sm" onClick={() => set.mutate(false)}>
            {t('Stop')}
          </Button>
        </div>
      ) : (
        <div className={classes.inspection}>
          {state === 'failed' ? <Note tone="bad">{inspection.message}</Note> : null}
          <p>
            {last ? (
              <>
                {t('{{count, number}} frames', { count: last.frames })} <Ago at={last.at} />
                {last.mislabelled > 0
                  ? t(', {{count, number}} labels in doubt', { count: last.mislabelled })
                  : ''}
                {last.badPictures > 0
                  ? t(', {{count, number}} bad pictures', { count: last.badPictures })
                  : ''}
              </>
            ) : (
              t('Finds labels in doubt, repeats, odd ones, look-alikes and bad pictures.')
            )}
          </p>
          {operator ? (
            <Button
              variant={last ? 'default' : 'filled'}
              size="sm"
              leftSection={<IconZoomScan size={18} />}
              onClick={() => set.mutate(true)}
              data-testid="start-inspection"
            >
              {last ? t('Look again') : t('Look through all')}
            </Button>
          ) : null}
          {last ? (
            <>
              <Button
                variant="default"
                size="sm"
                leftSection={<IconChartDots3 size={18} />}
                onClick={map.open}
                data-testid="open-map"
              >
                {t('Map')}
              </Button>
              <Button variant="default" size="sm" onClick={() => only({ cluster: 0 })}>
                {t('Group by group')}
              </Button>
              <MapDialog
                at={last.at}
                opened={mapOpen}
                onClose={map.close}
                choose={(area) => {
                  map.close();
                  only({ area });
                }}
              />
            </>
          ) : null}
        </div>
      )}
    </fieldset>
  );
}

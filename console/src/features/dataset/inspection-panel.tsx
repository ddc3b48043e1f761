import { Button, Progress } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChartDots3, IconZoomScan } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { client, unwrap } from '../../api/client.js';
import { inspectionQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { FrameFilter } from '../../api/types.js';
import { Ago } from '../../ui/clock.js';
import { plural } from '../../ui/format.js';
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
    onError: (error) => notifyFailed('That did not work', error),
  });
  if (!inspection) return null;
  const { last, state } = inspection;
  return (
    <fieldset className={classes.facet} data-testid="inspection" data-state={state}>
      <legend>Looked through</legend>
      {state === 'running' ? (
        <div className={classes.inspection}>
          <Progress
            value={100 * (inspection.progress ?? 0)}
            animated
            aria-label="Looking through the frames"
          />
          <Button variant="default" size="sm" onClick={() => set.mutate(false)}>
            Stop
          </Button>
        </div>
      ) : (
        <div className={classes.inspection}>
          {state === 'failed' ? <Note tone="bad">{inspection.message}</Note> : null}
          <p>
            {last ? (
              <>
                {plural(last.frames, 'frame')} <Ago at={last.at} />
                {last.mislabelled > 0 ? `, ${plural(last.mislabelled, 'label')} in doubt` : ''}
              </>
            ) : (
              'Finds labels in doubt, repeats, odd ones and look-alikes.'
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
              {last ? 'Look again' : 'Look through all'}
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
                Map
              </Button>
              <Button variant="default" size="sm" onClick={() => only({ cluster: 0 })}>
                Group by group
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

import { Button, Progress } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { client, unwrap } from '../../api/client.js';
import { classesQuery, frameMapQuery, umapQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { UmapStatus } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { integer } from '../../ui/format.js';
import { notifyFailed } from '../../ui/notify.js';
import { Loaded } from '../../ui/page.js';
import { Note } from '../../ui/signal.js';
import classes from './dataset.module.css';
import { Scatter } from './map-dialog.js';

/** The frames laid out by UMAP: the one there is, the one on its way, and making one. */
export function UmapView({ choose }: { choose: (area: string) => void }) {
  const status = useQuery(umapQuery);
  return (
    <Loaded query={status}>
      {(data) => (
        <>
          <Making status={data} />
          {data.last ? <Made at={data.last.at} choose={choose} /> : null}
        </>
      )}
    </Loaded>
  );
}

function Made({ at, choose }: { at: string; choose: (area: string) => void }) {
  const map = useQuery(frameMapQuery('umap', at));
  const classList = useQuery(classesQuery).data ?? [];
  return (
    <Loaded query={map}>
      {(data) => <Scatter map={data} classList={classList} choose={(area) => choose(`umap:${area}`)} />}
    </Loaded>
  );
}

function Making({ status: { state, progress, message, last } }: { status: UmapStatus }) {
  const operator = useMay('operator');
  const queryClient = useQueryClient();
  const set = useMutation({
    mutationFn: (run: boolean) =>
      unwrap(
        run ? client.POST('/api/v1/explorer/umap', { body: {} }) : client.DELETE('/api/v1/explorer/umap'),
      ),
    onSuccess: (data) => queryClient.setQueryData(umapQuery.queryKey, data),
    onError: (error) => notifyFailed(t('That did not work'), error),
  });
  if (state === 'running') {
    return (
      <div className={classes.making} data-testid="umap" data-state={state}>
        <Progress value={100 * (progress ?? 0)} animated aria-label={t('Making the map')} />
        {operator ? (
          <Button variant="default" size="sm" onClick={() => set.mutate(false)} data-testid="stop-umap">
            {t('Stop')}
          </Button>
        ) : null}
      </div>
    );
  }
  if (last?.current && state !== 'failed') return <span data-testid="umap" data-state={state} />;
  return (
    <div className={classes.making} data-testid="umap" data-state={state}>
      {state === 'failed' ? <Note tone="bad">{message}</Note> : null}
      <p>
        {last
          ? t('Made of {{frames}} frames; others have come or gone since.', { frames: integer(last.frames) })
          : t(
              'Keeps apart what PCA lays over each other. It is made in the background and takes some minutes.',
            )}
      </p>
      {operator ? (
        <Button size="sm" loading={set.isPending} onClick={() => set.mutate(true)} data-testid="make-umap">
          {last ? t('Make it anew') : t('Make the map')}
        </Button>
      ) : null}
    </div>
  );
}

import { Button } from '@mantine/core';
import { IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { client, frameImageUrl, unwrap } from '../../api/client.js';
import { toApiError } from '../../api/errors.js';
import { useMay } from '../../api/session.js';
import type { Device } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Ago } from '../../ui/clock.js';
import { plainWords } from '../../ui/plain-words.js';
import classes from './device.module.css';

const refreshMs = 3_000;

/** What the camera sees now: fetched again every few seconds while it is on and the page is looked at. */
export function LivePicture({ device, cameraId }: { device: Device; cameraId: string }) {
  const operator = useMay('operator');
  const [on, setOn] = useState(false);
  const live = on && device.online;
  const snapshot = useQuery({
    queryKey: ['snapshot', device.id, cameraId],
    queryFn: async () => {
      const params = { path: { id: device.id } };
      const body = { cameraId, maxWidth: 960 };
      const call = client.POST('/api/v1/devices/{id}/snapshot', { params, body, parseAs: 'blob' });
      const blob = (await unwrap(call)) as unknown as Blob;
      const captured = (await call).response.headers.get('lineside-captured-at');
      return { blob, at: captured ? new Date(captured).getTime() : Date.now() };
    },
    enabled: live,
    refetchInterval: live ? refreshMs : false,
    staleTime: 0,
    gcTime: 0,
    retry: false,
  });
  const url = useObjectUrl(snapshot.data?.blob);
  const failure = live && snapshot.error ? toApiError(snapshot.error) : null;
  return (
    <div className={classes.picture} data-testid={`picture-${cameraId}`}>
      {url ? (
        <img src={url} alt={t('What {{cameraId}} sees', { cameraId })} data-testid={`snapshot-${cameraId}`} />
      ) : device.lastFrame ? (
        <img
          src={frameImageUrl(device.lastFrame.id, 960)}
          alt={t('Last frame sent by {{name}}', { name: device.name })}
          data-old=""
        />
      ) : (
        <span className={classes.noPicture}>{t('No picture yet')}</span>
      )}
      {failure ? (
        <span className={classes.pictureFailure} role="status">
          {plainWords(failure.code, failure.message)}
        </span>
      ) : null}
      <span className={classes.stamp}>
        {url && snapshot.data ? (
          <>
            {live ? t('Live') : t('Paused')} · <Ago at={snapshot.data.at} />
          </>
        ) : device.lastFrame ? (
          <>
            {t('Last frame sent')} · <Ago at={device.lastFrame.receivedAt} />
          </>
        ) : null}
      </span>
      {operator && device.online ? (
        <Button
          className={classes.liveButton ?? ''}
          size="compact-md"
          color="dark"
          leftSection={on ? <IconPlayerPause size={16} /> : <IconPlayerPlay size={16} />}
          loading={live && snapshot.isPending}
          onClick={() => setOn(!on)}
          aria-pressed={on}
          data-testid={`live-${cameraId}`}
        >
          {on ? t('Pause') : t('Live picture')}
        </Button>
      ) : null}
    </div>
  );
}

/** An address for a blob, taken back when another one comes. */
function useObjectUrl(blob: Blob | undefined): string | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (!blob) return;
    const made = URL.createObjectURL(blob);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  return blob ? url : null;
}

import { Button } from '@mantine/core';
import { IconBolt, IconCamera, IconCameraOff, IconRefresh } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { client, unwrap } from '../../api/client.js';
import { useMay } from '../../api/session.js';
import type { Camera, Device } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Ago } from '../../ui/clock.js';
import { decimal, integer } from '../../ui/format.js';
import { notifyDone, notifyFailed } from '../../ui/notify.js';
import { Blank, Panel } from '../../ui/page.js';
import { said } from '../../ui/said.js';
import { Note, Tag } from '../../ui/signal.js';
import classes from './device.module.css';
import { effectiveOf } from './effective.js';
import { LivePicture } from './live-picture.js';
import { cameraTones, cameraWords, stageLabels, stagesOf } from './stages.js';

export function Cameras({ device }: { device: Device }) {
  const cameras = device.reported?.cameras ?? [];
  if (cameras.length === 0) {
    return (
      <Panel>
        <Blank icon={IconCameraOff} title={t('No camera reported')}>
          {device.reported
            ? t('The device runs without a camera. Add one in its configuration or under Settings.')
            : t('The device has not said yet what it has. It will when it connects.')}
        </Blank>
      </Panel>
    );
  }
  return (
    <div className={classes.cameras}>
      {cameras.map((camera) => (
        <CameraCard key={camera.id} device={device} camera={camera} />
      ))}
    </div>
  );
}

function CameraCard({ device, camera }: { device: Device; camera: Camera }) {
  const figures = device.telemetry?.cameras.find(({ id }) => id === camera.id);
  const count = (value: number | undefined) => (value === undefined ? '–' : integer(value));
  return (
    <section className={classes.camera} data-testid={`camera-${camera.id}`} data-state={camera.state}>
      <LivePicture device={device} cameraId={camera.id} />
      <div className={classes.cameraBody}>
        <header className={classes.cameraHead}>
          <h2>{camera.id}</h2>
          <Tag tone={device.online ? cameraTones[camera.state] : 'idle'}>{t(cameraWords[camera.state])}</Tag>
        </header>
        {camera.message ? (
          <Note tone={cameraTones[camera.state] === 'bad' ? 'bad' : 'warn'}>{said(camera.message)}</Note>
        ) : null}
        <Stages device={device} camera={camera} />
        <dl className={classes.numbers}>
          <div>
            <dt>{t('Frames/s')}</dt>
            <dd>{figures && device.online ? decimal(figures.framesPerSecond, 1) : '–'}</dd>
          </div>
          <div>
            <dt>{t('Captured')}</dt>
            <dd>{count(figures?.captured)}</dd>
          </div>
          <div>
            <dt>{t('Dropped')}</dt>
            <dd title={t('Replaced by a newer one before the model was free')}>{count(figures?.dropped)}</dd>
          </div>
          <div>
            <dt>{t('Decided')}</dt>
            <dd>{count(figures?.decided)}</dd>
          </div>
          <div>
            <dt>{t('Flagged')}</dt>
            <dd>{count(figures?.flagged)}</dd>
          </div>
        </dl>
        <Actions device={device} camera={camera} />
      </div>
    </section>
  );
}

/** A frame's way, with the time it last went well at each stage. */
function Stages({ device, camera }: { device: Device; camera: Camera }) {
  const stages = stagesOf(device, camera);
  return (
    <>
      <ol className={classes.stages} aria-label={t('Stages')}>
        {stages.map(({ stage, tone, at }) => (
          <li key={stage} data-tone={tone} data-testid={`stage-${camera.id}-${stage}`}>
            <b>{t(stageLabels[stage])}</b>
            <span>{at === null ? t('never') : <Ago at={at} />}</span>
          </li>
        ))}
      </ol>
      {stages.map(({ stage, message }) =>
        message ? (
          <Note key={stage} tone="bad">
            {t(stageLabels[stage])}: {message}
          </Note>
        ) : null,
      )}
    </>
  );
}

function Actions({ device, camera }: { device: Device; camera: Camera }) {
  const operator = useMay('operator');
  const engineer = useMay('engineer');
  const trigger = effectiveOf(device).cameras?.find(({ id }) => id === camera.id)?.trigger?.kind;
  const params = { path: { id: device.id } };
  const body = { cameraId: camera.id };
  const request = useMutation({
    mutationFn: () => unwrap(client.POST('/api/v1/devices/{id}/capture', { params, body })),
    onSuccess: () => notifyDone(t('The next frame of {{id}} comes to the review queue.', { id: camera.id })),
    onError: (error) => notifyFailed(t('No frame was requested'), error),
  });
  const fire = useMutation({
    mutationFn: () => unwrap(client.POST('/api/v1/devices/{id}/trigger', { params, body })),
    onSuccess: () => notifyDone(t('{{id}} takes one frame.', { id: camera.id })),
    onError: (error) => notifyFailed(t('{{id}} was not triggered', { id: camera.id }), error),
  });
  const restart = useMutation({
    mutationFn: () => unwrap(client.POST('/api/v1/devices/{id}/restart-camera', { params, body })),
    onSuccess: () => notifyDone(t('{{id}} starts anew.', { id: camera.id })),
    onError: (error) => notifyFailed(t('{{id}} was not restarted', { id: camera.id }), error),
  });
  if (!operator || !device.online) return null;
  return (
    <div className={classes.actions}>
      <Button
        variant="default"
        size="md"
        leftSection={<IconCamera size={18} />}
        loading={request.isPending}
        onClick={() => request.mutate()}
        data-testid={`request-${camera.id}`}
      >
        {t('Send a frame')}
      </Button>
      {trigger === 'external' ? (
        <Button
          variant="default"
          size="md"
          leftSection={<IconBolt size={18} />}
          loading={fire.isPending}
          onClick={() => fire.mutate()}
        >
          {t('Trigger')}
        </Button>
      ) : null}
      {engineer ? (
        <Button
          variant="default"
          size="md"
          leftSection={<IconRefresh size={18} />}
          loading={restart.isPending}
          onClick={() => restart.mutate()}
          data-testid={`restart-${camera.id}`}
        >
          {t('Restart')}
        </Button>
      ) : null}
    </div>
  );
}

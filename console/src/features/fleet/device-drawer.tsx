import { Button, Drawer } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { client, frameImageUrl, unwrap } from '../../api/client.js';
import { deviceQuery, keys } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { Device } from '../../api/types.js';
import { Ago } from '../../ui/clock.js';
import { ConfirmDialog } from '../../ui/confirm.js';
import { bytes, duration, integer, moment, percent } from '../../ui/format.js';
import { Loaded, Loading } from '../../ui/page.js';
import { Lamp, Note, Tag } from '../../ui/signal.js';
import { EventsList } from '../device/events-list.js';
import { cameraTones, cameraWords } from '../device/stages.js';
import { RunningModel } from './device-card.js';
import classes from './fleet.module.css';
import { decidedAlone, healthOf, updateOf } from './health.js';

export function DeviceDrawer({ deviceId, onClose }: { deviceId: string | null; onClose: () => void }) {
  const device = useQuery({ ...deviceQuery(deviceId ?? ''), enabled: deviceId !== null }).data;
  return (
    <Drawer
      opened={deviceId !== null}
      onClose={onClose}
      size="min(560px, 100vw)"
      title={device ? <Title device={device} /> : 'Device'}
    >
      {deviceId ? <DeviceDetail deviceId={deviceId} /> : null}
    </Drawer>
  );
}

function DeviceDetail({ deviceId }: { deviceId: string }) {
  const device = useQuery(deviceQuery(deviceId));
  return (
    <Loaded query={device} skeleton={<Loading rows={5} />}>
      {(data) => (
        <>
          <Overview device={data} />
          <Cameras device={data} />
          <h3 className={classes.section}>Events</h3>
          <EventsList deviceId={deviceId} />
          <Quarantine device={data} />
          <Revoke device={data} />
        </>
      )}
    </Loaded>
  );
}

function Title({ device }: { device: Device }) {
  const health = healthOf(device);
  return (
    <span className={classes.drawerTitle}>
      {device.name} <Tag tone={health.tone}>{health.word}</Tag>
    </span>
  );
}

function Overview({ device }: { device: Device }) {
  const { complaints } = healthOf(device);
  const alone = decidedAlone(device);
  const update = updateOf(device);
  const { reported, telemetry } = device;
  return (
    <div style={{ display: 'grid', gap: 14 }}>
      {device.lastFrame ? (
        <img
          className={classes.big}
          src={frameImageUrl(device.lastFrame.id, 960)}
          alt={`Last frame of ${device.name}`}
        />
      ) : null}
      <Link
        to="/fleet/$deviceId"
        params={{ deviceId: device.id }}
        className={classes.openPage}
        data-testid="open-device-page"
      >
        Open the page of this device: live picture, settings, benchmark, log
      </Link>
      {update ? <Note tone="busy">{update}</Note> : null}
      {complaints.map((complaint) => (
        <Note key={complaint.text} tone={complaint.tone} code={complaint.code ?? null}>
          {complaint.text}
        </Note>
      ))}
      <dl className={classes.drawerGrid}>
        <dt>Model</dt>
        <dd>
          <RunningModel device={device} />
        </dd>
        {reported ? (
          <>
            <dt>Runs on</dt>
            <dd>
              {reported.backend.actual}
              {reported.backend.degraded ? `, ${reported.backend.requested} was asked for` : ''} ·{' '}
              {reported.hardware.model} ({reported.hardware.arch})
            </dd>
            <dt>Agent</dt>
            <dd>{reported.agentVersion}</dd>
          </>
        ) : null}
        {telemetry ? (
          <>
            <dt>Speed</dt>
            <dd>
              {telemetry.framesPerSecond.toFixed(1)} frames/s · {telemetry.inferenceMs.p50.toFixed(0)} ms
              typical, {telemetry.inferenceMs.p95.toFixed(0)} ms slow
            </dd>
            <dt>Decided alone</dt>
            <dd>
              {alone === null ? '–' : percent(alone, 1)} of {integer(telemetry.framesDecided)} frames
            </dd>
            <dt>Waiting to be sent</dt>
            <dd>
              {integer(telemetry.spool.frames)} frames, {bytes(telemetry.spool.bytes)}
              {telemetry.spool.evicted > 0 ? ` · ${integer(telemetry.spool.evicted)} given up for space` : ''}
            </dd>
            <dt>Load</dt>
            <dd>
              {telemetry.cpuShare.toFixed(2)} cores · {bytes(telemetry.rssBytes)} memory · up{' '}
              {duration(telemetry.uptimeSeconds)}
            </dd>
          </>
        ) : null}
        <dt>Last seen</dt>
        <dd>{device.lastSeenAt ? <Ago at={device.lastSeenAt} /> : 'Never'}</dd>
        <dt>Enrolled</dt>
        <dd>
          {moment(device.enrolledAt)} · certificate until {moment(device.certificateExpiresAt)}
        </dd>
        <dt>Id</dt>
        <dd>
          <code>{device.id}</code>
        </dd>
      </dl>
    </div>
  );
}

function Cameras({ device }: { device: Device }) {
  const cameras = device.reported?.cameras ?? [];
  return (
    <>
      <h3 className={classes.section}>Cameras</h3>
      {cameras.length === 0 ? <p>The device has not reported a camera.</p> : null}
      <ul className={classes.events}>
        {cameras.map((camera) => (
          <li key={camera.id}>
            <Lamp tone={cameraTones[camera.state]} label={cameraWords[camera.state]} />
            <p>
              {camera.id}
              {camera.message ? ` – ${camera.message}` : ''}
            </p>
            <span>{cameraWords[camera.state]}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

function Revoke({ device }: { device: Device }) {
  const admin = useMay('admin');
  const queryClient = useQueryClient();
  const [asking, ask] = useDisclosure(false);
  const revoke = useMutation({
    mutationFn: () =>
      unwrap(client.POST('/api/v1/devices/{id}/revoke', { params: { path: { id: device.id } } })),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.devices });
      ask.close();
    },
  });
  if (!admin || device.revokedAt) return null;
  return (
    <div style={{ marginTop: 30 }}>
      <Button color="red" variant="light" size="md" onClick={ask.open}>
        Revoke device
      </Button>
      <ConfirmDialog
        opened={asking}
        onClose={ask.close}
        title={`Revoke ${device.name}?`}
        confirm="Revoke"
        danger
        action={revoke}
      >
        Its certificate stops working and the connection is dropped at once. The camera goes on deciding on
        its own, but sends nothing and gets no new model until it is enrolled again.
      </ConfirmDialog>
    </div>
  );
}

function Quarantine({ device }: { device: Device }) {
  const admin = useMay('admin');
  const queryClient = useQueryClient();
  const [asking, ask] = useDisclosure(false);
  const release = useMutation({
    mutationFn: () =>
      unwrap(client.POST('/api/v1/devices/{id}/release', { params: { path: { id: device.id } } })),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.devices });
      ask.close();
    },
  });
  if (!admin || !device.quarantinedAt || device.revokedAt) return null;
  return (
    <div style={{ marginTop: 30 }}>
      <Button variant="default" size="md" onClick={ask.open} data-testid="release-device">
        Let it connect again
      </Button>
      <ConfirmDialog
        opened={asking}
        onClose={ask.close}
        title={`Let ${device.name} connect again?`}
        confirm="Let it connect"
        action={release}
      >
        Only if you know which machine had the copy and it is gone, such as a copied disk that was started for
        a test. Otherwise revoke the device and enrol it anew: whoever has the copy has its key.
      </ConfirmDialog>
    </div>
  );
}

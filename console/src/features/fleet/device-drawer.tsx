import { Drawer } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { frameImageUrl } from '../../api/client.js';
import { deviceQuery } from '../../api/queries.js';
import type { Device } from '../../api/types.js';
import { Ago } from '../../ui/clock.js';
import { bytes, duration, integer, moment, percent } from '../../ui/format.js';
import { Loaded, Loading } from '../../ui/page.js';
import { Lamp, Note, Tag } from '../../ui/signal.js';
import { EventsList } from '../device/events-list.js';
import { cameraTones, cameraWords } from '../device/stages.js';
import { RunningModel } from './device-card.js';
import { QuarantineDecision, Revoke } from './device-decisions.js';
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
          {data.quarantinedAt ? null : (
            <div style={{ marginTop: 30 }}>
              <Revoke device={data} />
            </div>
          )}
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
      <QuarantineDecision device={device} />
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

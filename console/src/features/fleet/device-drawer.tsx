import { Drawer } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { frameImageUrl } from '../../api/client.js';
import { deviceQuery } from '../../api/queries.js';
import type { Device } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Ago } from '../../ui/clock.js';
import { bytes, decimal, duration, integer, moment, percent } from '../../ui/format.js';
import { Loaded, Loading } from '../../ui/page.js';
import { said } from '../../ui/said.js';
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
      title={device ? <Title device={device} /> : t('Device')}
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
          <h3 className={classes.section}>{t('Events')}</h3>
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
          alt={t('Last frame of {{name}}', { name: device.name })}
        />
      ) : null}
      <Link
        to="/fleet/$deviceId"
        params={{ deviceId: device.id }}
        className={classes.openPage}
        data-testid="open-device-page"
      >
        {t('Open the page of this device: live picture, settings, benchmark, log')}
      </Link>
      {update ? <Note tone="busy">{update}</Note> : null}
      {complaints.map((complaint) => (
        <Note key={complaint.text} tone={complaint.tone} code={complaint.code ?? null}>
          {complaint.text}
        </Note>
      ))}
      <QuarantineDecision device={device} />
      <dl className={classes.drawerGrid}>
        <dt>{t('Model')}</dt>
        <dd>
          <RunningModel device={device} />
        </dd>
        {reported ? (
          <>
            <dt>{t('Runs on')}</dt>
            <dd>
              {reported.backend.actual}
              {reported.backend.degraded
                ? t(', {{requested}} was asked for', { requested: reported.backend.requested })
                : ''}{' '}
              · {reported.hardware.model} ({reported.hardware.arch})
            </dd>
            <dt>{t('Agent')}</dt>
            <dd>{reported.agentVersion}</dd>
          </>
        ) : null}
        {telemetry ? (
          <>
            <dt>{t('Speed')}</dt>
            <dd>
              {t('{{framesPerSecond}} frames/s · {{p50}} ms typical, {{p95}} ms slow', {
                framesPerSecond: decimal(telemetry.framesPerSecond, 1),
                p50: decimal(telemetry.inferenceMs.p50, 0),
                p95: decimal(telemetry.inferenceMs.p95, 0),
              })}
            </dd>
            <dt>{t('Decided alone')}</dt>
            <dd>
              {t('{{alone}} of {{framesDecided}} frames', {
                alone: alone === null ? '–' : percent(alone, 1),
                framesDecided: integer(telemetry.framesDecided),
              })}
            </dd>
            <dt>{t('Waiting to be sent')}</dt>
            <dd>
              {t('{{frames}} frames, {{bytes}}{{lost}}', {
                frames: integer(telemetry.spool.frames),
                bytes: bytes(telemetry.spool.bytes),
                lost:
                  telemetry.spool.evicted > 0
                    ? t(' · {{evicted}} given up for space', { evicted: integer(telemetry.spool.evicted) })
                    : '',
              })}
            </dd>
            <dt>{t('Load')}</dt>
            <dd>
              {t('{{cpuShare}} cores · {{rssBytes}} memory · up {{uptimeSeconds}}', {
                cpuShare: decimal(telemetry.cpuShare, 2),
                rssBytes: bytes(telemetry.rssBytes),
                uptimeSeconds: duration(telemetry.uptimeSeconds),
              })}
            </dd>
          </>
        ) : null}
        <dt>{t('Last seen')}</dt>
        <dd>{device.lastSeenAt ? <Ago at={device.lastSeenAt} /> : t('Never')}</dd>
        <dt>{t('Enrolled')}</dt>
        <dd>
          {t('{{enrolledAt}} · certificate until {{certificateExpiresAt}}', {
            enrolledAt: moment(device.enrolledAt),
            certificateExpiresAt: moment(device.certificateExpiresAt),
          })}
        </dd>
        <dt>{t('Id')}</dt>
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
      <h3 className={classes.section}>{t('Cameras')}</h3>
      {cameras.length === 0 ? <p>{t('The device has not reported a camera.')}</p> : null}
      <ul className={classes.events}>
        {cameras.map((camera) => (
          <li key={camera.id}>
            <Lamp tone={cameraTones[camera.state]} label={t(cameraWords[camera.state])} />
            <p>
              {camera.id}
              {camera.message ? ` – ${said(camera.message)}` : ''}
            </p>
            <span>{t(cameraWords[camera.state])}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

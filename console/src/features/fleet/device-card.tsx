import { frameImageUrl } from '../../api/client.js';
import type { Device } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Ago } from '../../ui/clock.js';
import { decimal, integer, percent } from '../../ui/format.js';
import { Lamp, Note } from '../../ui/signal.js';
import classes from './fleet.module.css';
import { decidedAlone, type Health, updateOf } from './health.js';

interface Props {
  device: Device;
  health: Health;
  onOpen: () => void;
}

/** One device at a glance: is it alive, what runs on it, does it decide, is anything stuck. */
export function DeviceCard({ device, health, onOpen }: Props) {
  const alone = decidedAlone(device);
  const update = updateOf(device);
  return (
    <button
      type="button"
      className={classes.card}
      onClick={onOpen}
      data-testid={`device-${device.id}`}
      data-tone={health.tone}
      data-offline={device.online ? undefined : ''}
      data-revoked={device.revokedAt ? '' : undefined}
    >
      <div className={classes.picture}>
        {device.lastFrame ? (
          <>
            <img
              src={frameImageUrl(device.lastFrame.id, 480)}
              alt={t('Last frame of {{name}}', { name: device.name })}
              loading="lazy"
            />
            <span className={classes.stamp}>
              <Ago at={device.lastFrame.receivedAt} />
            </span>
          </>
        ) : (
          <div className={classes.noPicture}>{t('No frame sent yet')}</div>
        )}
      </div>
      <div className={classes.head}>
        <Lamp tone={health.tone} label={health.word} />
        <span className={classes.name}>{device.name}</span>
        <span className={classes.word}>
          {device.online || device.revokedAt || !device.lastSeenAt ? (
            health.word
          ) : (
            <>
              {t('Offline')} · <Ago at={device.lastSeenAt} />
            </>
          )}
        </span>
      </div>
      <dl className={classes.facts}>
        <div>
          <dt>{t('Model')}</dt>
          <dd data-testid={`device-model-${device.id}`}>
            <RunningModel device={device} />
          </dd>
        </div>
        <div>
          <dt>{t('Frames/s')}</dt>
          <dd>{device.telemetry && device.online ? decimal(device.telemetry.framesPerSecond, 1) : '–'}</dd>
        </div>
        <div>
          <dt>{t('Alone')}</dt>
          <dd title={t('Share of frames the camera decided without asking')}>
            {alone === null ? '–' : percent(alone)}
          </dd>
        </div>
        <div>
          <dt>{t('Waiting')}</dt>
          <dd title={t('Frames on the device that still have to be sent')}>
            {device.telemetry ? integer(device.telemetry.spool.frames) : '–'}
          </dd>
        </div>
      </dl>
      {update || health.complaints.length > 0 ? (
        <div className={classes.notes}>
          {update ? <Note tone="busy">{update}</Note> : null}
          {health.complaints.slice(0, 2).map((complaint) => (
            <Note key={complaint.text} tone={complaint.tone} code={complaint.code ?? null}>
              {complaint.text}
            </Note>
          ))}
        </div>
      ) : null}
    </button>
  );
}

/** What runs, and what should run where that differs. */
export function RunningModel({ device }: { device: Device }) {
  const running = device.reported?.model?.version ?? null;
  const desired = device.desiredModelVersion;
  if (!desired || desired === running) return running ?? t('None');
  return (
    <>
      {running ?? t('None')} <span className={classes.to}>→ {desired}</span>
    </>
  );
}

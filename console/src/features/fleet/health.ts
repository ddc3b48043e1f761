import type { Device } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { integer, percent } from '../../ui/format.js';
import { plainWords } from '../../ui/plain-words.js';
import { said } from '../../ui/said.js';
import type { Tone } from '../../ui/signal.js';

export interface Complaint {
  tone: 'bad' | 'warn';
  text: string;
  code?: string;
  /** Milliseconds since 1970. */
  since?: number;
}

export interface Health {
  tone: Tone;
  /** One or two words beside the lamp. */
  word: string;
  complaints: Complaint[];
}

const spoolIsLong = 200;

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** What the device and the server say is wrong, in their words. */
const alarmsOf = (device: Device): Complaint[] =>
  device.alarms.map(({ severity, code, message, since, cameraId }) => ({
    tone: severity === 'error' ? 'bad' : 'warn',
    text: cameraId && !message.includes(cameraId) ? `${cameraId}: ${said(message)}` : sentence(said(message)),
    code,
    since,
  }));

/** What is wrong with a device, worst first, in words that tell a person on the line what it means. */
export function healthOf(device: Device): Health {
  if (device.revokedAt) return { tone: 'idle', word: t('Revoked'), complaints: [] };
  const { reported, telemetry } = device;
  const complaints: Complaint[] = alarmsOf(device);
  const told = new Set(device.alarms.map(({ code, cameraId }) => `${code} ${cameraId ?? ''}`));
  const cameraTold = new Set(device.alarms.map(({ cameraId }) => cameraId));
  for (const camera of reported?.cameras ?? []) {
    if (camera.state !== 'failed' || cameraTold.has(camera.id)) continue;
    complaints.push({
      tone: 'bad',
      text: t('Camera {{id}} has failed{{why}}', {
        id: camera.id,
        why: camera.message ? `: ${said(camera.message)}` : '.',
      }),
      code: 'capture_failed',
    });
  }
  if (reported?.update.phase === 'failed') {
    const { code, message, version } = reported.update;
    complaints.push({
      tone: 'bad',
      text: [version ? t('Update to {{version}} failed.', { version }) : '', plainWords(code, message)]
        .filter(Boolean)
        .join(' '),
      ...(code ? { code } : {}),
    });
  }
  if (reported?.backend.degraded && !told.has('backend_degraded ')) {
    complaints.push({
      tone: 'warn',
      text: t('Runs on {{actual}} instead of {{requested}}: slower than it should be.', {
        actual: reported.backend.actual,
        requested: reported.backend.requested,
      }),
      code: 'backend_degraded',
    });
  }
  if (telemetry && telemetry.spool.frames >= spoolIsLong) {
    complaints.push({
      tone: 'warn',
      text: t('{{frames}} frames wait on the device to be sent.', {
        frames: integer(telemetry.spool.frames),
      }),
    });
  }
  if (telemetry && telemetry.spool.corrupt > 0) {
    complaints.push({
      tone: 'warn',
      text: t('{{corrupt}} stored frames were damaged and dropped.', { corrupt: telemetry.spool.corrupt }),
    });
  }
  const certificateDays = (new Date(device.certificateExpiresAt).getTime() - Date.now()) / 86_400_000;
  if (certificateDays < 14) {
    complaints.push({
      tone: certificateDays < 3 ? 'bad' : 'warn',
      text:
        certificateDays < 0
          ? t('The certificate has expired.')
          : t('The certificate expires in {{ceil}} days.', { ceil: Math.ceil(certificateDays) }),
    });
  }
  complaints.sort((a, b) => Number(b.tone === 'bad') - Number(a.tone === 'bad'));

  if (device.quarantinedAt) return { tone: 'bad', word: t('Quarantined'), complaints };
  if (!device.lastSeenAt && !device.online) return { tone: 'idle', word: t('Never connected'), complaints };
  if (!device.online) return { tone: 'bad', word: t('Offline'), complaints };
  const worst = complaints[0]?.tone;
  const alarms = device.alarms.length;
  if (alarms > 0)
    return { tone: worst ?? 'warn', word: t('{{count, number}} alarms', { count: alarms }), complaints };
  if (worst === 'bad') return { tone: 'bad', word: t('Trouble'), complaints };
  if (worst === 'warn') return { tone: 'warn', word: t('Degraded'), complaints };
  return { tone: 'ok', word: t('Online'), complaints };
}

const updating = new Set(['downloading', 'verifying', 'held', 'compiling', 'self_testing', 'active']);

/** The update under way on the device, or null. */
export function updateOf(device: Device): string | null {
  const update = device.reported?.update;
  if (!update || !updating.has(update.phase)) return null;
  const phase = update.phase === 'held' ? t('ready, held by the plant') : update.phase.replace('_', '-');
  const share =
    update.phase === 'downloading' && update.progress !== undefined ? ` ${percent(update.progress)}` : '';
  return `${update.version ?? t('New model')}: ${phase}${share}`;
}

/** Share of decided frames that the camera decided alone, or null before the first. */
export function decidedAlone(device: Device): number | null {
  const telemetry = device.telemetry;
  return telemetry && telemetry.framesDecided > 0 ? telemetry.framesAccepted / telemetry.framesDecided : null;
}

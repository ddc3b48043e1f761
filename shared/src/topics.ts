import { LinesideError } from './errors.js';

/**
 * The only place with MQTT topic strings.
 *
 * `lineside/v1/<deviceId>/up/<channel>` is published by the device, `…/down/<channel>` by the fleet server.
 * A device may publish and subscribe under its own id only.
 */
export const upChannels = ['frame', 'telemetry', 'event', 'reported', 'presence', 'result'] as const;
export const downChannels = ['desired', 'receipt', 'command'] as const;
export type UpChannel = (typeof upChannels)[number];
export type DownChannel = (typeof downChannels)[number];

export type Topic =
  | { deviceId: string; direction: 'up'; channel: UpChannel }
  | { deviceId: string; direction: 'down'; channel: DownChannel };

/** Device ids appear in topics, file names and certificates: letters, digits, `_` and `-`, 1 to 64 of them. */
export const deviceIdPattern = '^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$';
const deviceIdRegExp = new RegExp(deviceIdPattern);
const prefix = 'lineside/v1';

export const isDeviceId = (id: string): boolean => deviceIdRegExp.test(id);

export const upTopic = (deviceId: string, channel: UpChannel): string =>
  `${prefix}/${deviceId}/up/${channel}`;
export const downTopic = (deviceId: string, channel: DownChannel): string =>
  `${prefix}/${deviceId}/down/${channel}`;

/** @throws LinesideError `topic_invalid` for anything that is not exactly one of the protocol's topics. */
export function parseTopic(topic: string): Topic {
  const parts = topic.split('/');
  const [root, version, deviceId, direction, channel] = parts;
  if (parts.length === 5 && `${root}/${version}` === prefix && deviceId && isDeviceId(deviceId)) {
    const up = upChannels.find((name) => name === channel);
    if (direction === 'up' && up) return { deviceId, direction, channel: up };
    const down = downChannels.find((name) => name === channel);
    if (direction === 'down' && down) return { deviceId, direction, channel: down };
  }
  throw new LinesideError('topic_invalid', topic.slice(0, 120));
}

/** The access rule of the broker: publish upward and subscribe downward, under one's own id, without wildcards. */
export function mayAccess(deviceId: string, action: 'publish' | 'subscribe', topic: string): boolean {
  try {
    const parsed = parseTopic(topic);
    return parsed.deviceId === deviceId && parsed.direction === (action === 'publish' ? 'up' : 'down');
  } catch {
    return false;
  }
}

/** Reported state and presence (up) and desired state (down) are retained, so that a late subscriber sees them. */
export const isRetained = (channel: UpChannel | DownChannel): boolean =>
  channel === 'reported' || channel === 'presence' || channel === 'desired';

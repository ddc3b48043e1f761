import type { Device, DeviceSettings } from '../../api/types.js';

export type RemoteSettings = NonNullable<DeviceSettings['settings']>;

/** Settings in force on the device as it reports them; an agent that reports none gives an empty object. */
export function effectiveOf(device: Device): Partial<RemoteSettings> {
  const effective = device.reported?.config.effective;
  return typeof effective === 'object' && effective !== null ? (effective as Partial<RemoteSettings>) : {};
}

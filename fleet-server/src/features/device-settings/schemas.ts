import { RemoteSettings } from '@lineside/shared';
import Type, { type Static } from 'typebox';
import { IdParams, Nullable, Timestamp } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';

/** What the fleet server wants over the device's own file; what is in force is in its reported state. */
export const DeviceSettings = Type.Object({
  revision: Type.Integer({ minimum: 0, description: 'Rises with every change; 0: never set. Also the ETag' }),
  settings: Nullable(RemoteSettings),
  changedAt: Nullable(Timestamp),
  changedBy: Nullable(Type.String()),
});
export type DeviceSettings = Static<typeof DeviceSettings>;

/** Checked by hand, because a union of schemas cannot say which field is wrong. */
const SettingsBody = Type.Object({
  settings: Nullable(
    Type.Record(Type.String(), Type.Unknown(), {
      description:
        'RemoteSettings, each section as a whole; what a section leaves out has its default. A password shown as *** keeps its value. null: back to the own file of the device',
    }),
  ),
});

export const getDeviceSettings = defineRoute({
  method: 'GET',
  url: '/devices/:id/settings',
  tag: 'devices',
  summary: 'Desired settings of a device; passwords are shown to engineers only',
  access: 'viewer',
  params: IdParams,
  response: DeviceSettings,
});
export const setDeviceSettings = defineRoute({
  method: 'PUT',
  url: '/devices/:id/settings',
  tag: 'devices',
  summary: 'Change the desired settings; If-Match must name the revision that was read, or *',
  access: 'engineer',
  params: IdParams,
  body: SettingsBody,
  response: DeviceSettings,
});
export const checkDeviceSettings = defineRoute({
  method: 'POST',
  url: '/devices/:id/settings/check',
  tag: 'devices',
  summary: 'Say what is wrong with settings, and change nothing',
  access: 'engineer',
  params: IdParams,
  body: SettingsBody,
  response: Type.Object({
    problem: Nullable(Type.String({ description: 'Names the field; null: they would be taken' })),
  }),
});

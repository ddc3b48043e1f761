import { phrases } from '../../i18n/index.js';

/** Parts of a device's page, in their order. */
export const deviceTabs = ['overview', 'settings', 'models', 'logs', 'events'] as const;
export type DeviceTab = (typeof deviceTabs)[number];

export const tabLabels: Record<DeviceTab, string> = phrases({
  overview: 'Overview',
  settings: 'Settings',
  models: 'Models and speed',
  logs: 'Log',
  events: 'Events',
});

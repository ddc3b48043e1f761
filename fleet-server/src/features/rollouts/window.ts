import Type, { type Static } from 'typebox';
import { clockIn } from '../sites/time-zone.js';

const Clock = Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$', description: 'Such as 22:30' });

/** When devices may be told, by the clock of their site. From after to: over midnight; the same: all day. */
export const MaintenanceWindow = Type.Object(
  {
    from: Clock,
    to: Clock,
    timeZone: Type.String({
      maxLength: 64,
      description: 'Of devices whose site has none, by its name in the IANA database: Europe/Berlin',
    }),
  },
  { additionalProperties: false },
);
export type MaintenanceWindow = Static<typeof MaintenanceWindow>;

/** @param zone of the site of the device; null: it is not known */
export function isOpen(window: MaintenanceWindow, nowMs: number, zone: string | null = null): boolean {
  const { from, to, timeZone } = window;
  const clock = clockIn(zone ?? timeZone).format(nowMs);
  if (from === to) return true;
  return from < to ? from <= clock && clock < to : clock >= from || clock < to;
}

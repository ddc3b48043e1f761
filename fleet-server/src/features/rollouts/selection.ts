import { LinesideError } from '@lineside/shared';
import { isNull, sql } from 'drizzle-orm';
import Type, { type Static } from 'typebox';
import type { DbOrTransaction } from '../../db/database.js';
import { devices } from '../../db/schema.js';
import { uniformOf } from '../../learning/random.js';
import { Label } from '../devices/schemas.js';

const OneOf = (description: string) =>
  Type.Optional(Type.Array(Type.String({ maxLength: 128 }), { minItems: 1, maxItems: 1000, description }));

/** Which devices a rollout goes to: those that meet every condition given; without any, the whole fleet. */
export const Selection = Type.Object(
  {
    deviceIds: Type.Optional(
      Type.Array(Type.String(), { maxItems: 100_000, description: 'These; each has to be known' }),
    ),
    sites: OneOf('At one of these sites'),
    tags: Type.Optional(
      Type.Array(Label, { minItems: 1, maxItems: 50, description: 'With one of these tags' }),
    ),
    hardware: OneOf('Whose architecture or model is one of these; a device that never reported has none'),
    share: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 1,
        description: 'By a stable hash of the id: those of a smaller share are among those of a larger one',
      }),
    ),
    lateJoiners: Type.Optional(
      Type.Enum(['leave', 'join'], {
        default: 'leave',
        description:
          'Devices that come to meet the conditions while it runs: left out, or put in the last group',
      }),
    ),
  },
  { additionalProperties: false },
);
export type Selection = Static<typeof Selection>;

/** What of a device the conditions look at. */
export interface Selectable {
  id: string;
  online: boolean;
  site: string | null;
  tags: readonly string[];
  arch: string | null;
  hardware: string | null;
}

export function isSelected(selection: Selection, device: Selectable): boolean {
  const { deviceIds, sites, tags, hardware, share } = selection;
  return (
    (!deviceIds || deviceIds.includes(device.id)) &&
    (!sites || (device.site !== null && sites.includes(device.site))) &&
    (!tags || tags.some((tag) => device.tags.includes(tag))) &&
    (!hardware || hardware.some((each) => each === device.arch || each === device.hardware)) &&
    (share === undefined || uniformOf(device.id) <= share)
  );
}

const text = (part: 'arch' | 'model') =>
  sql<string | null>`${devices.reported}->'hardware'->>${sql.raw(`'${part}'`)}`;

/**
 * Devices a rollout may go to, never a revoked one.
 * @throws LinesideError `device_unknown` when one that is named is not among them
 */
export async function selectDevices(db: DbOrTransaction, selection: Selection): Promise<Selectable[]> {
  const fleet = await db
    .select({
      id: devices.id,
      online: devices.online,
      site: devices.site,
      tags: devices.tags,
      arch: text('arch'),
      hardware: text('model'),
    })
    .from(devices)
    .where(isNull(devices.revokedAt));
  if (selection.deviceIds) {
    const known = new Set(fleet.map(({ id }) => id));
    if (selection.deviceIds.some((id) => !known.has(id))) {
      throw new LinesideError('device_unknown', 'A device is unknown or revoked.');
    }
  }
  return fleet.filter((device) => isSelected(selection, device));
}

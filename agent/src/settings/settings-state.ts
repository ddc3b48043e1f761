import { join } from 'node:path';
import type { configPhases } from '@lineside/shared';
import Type, { type Static } from 'typebox';
import { DurableState } from '../durable-state.js';

type ConfigPhase = (typeof configPhases)[number];

/** Kept as they came: what the schema of one version takes, that of another may refuse. */
const Settings = Type.Object({ revision: Type.Integer({ minimum: 1 }), settings: Type.Unknown() });
export type Settings = Static<typeof Settings>;

/** A camera that ran before a change, and how far its frames came. */
const RanBefore = Type.Object({ cameraId: Type.String(), stage: Type.Enum(['captured', 'decided']) });
export type RanBefore = Static<typeof RanBefore>;

const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

const SettingsSchema = Type.Object({
  v: Type.Literal(1),
  /** The newest that were desired; null: the device's own. */
  wanted: orNull(Settings),
  /** The last good ones. */
  applied: orNull(Settings),
  /** Those being tried, and how often in a row the agent began with them. */
  trial: orNull(
    Type.Object({ settings: Settings, before: Type.Array(RanBefore), starts: Type.Integer({ minimum: 0 }) }),
  ),
  refused: orNull(
    Type.Object({
      revision: Type.Integer({ minimum: 1 }),
      phase: Type.Enum(['rejected', 'rolled_back']),
      code: Type.String(),
      message: Type.String(),
    }),
  ),
});
export type SettingsState = Static<typeof SettingsSchema>;
export type SettingsFile = DurableState<typeof SettingsSchema>;

export const emptySettings: SettingsState = { v: 1, wanted: null, applied: null, trial: null, refused: null };

/** `settings.json` in the state folder. */
export const settingsFile = (stateDir: string): SettingsFile =>
  new DurableState(join(stateDir, 'settings.json'), SettingsSchema, emptySettings);

/** Settings that took the agent down so often in a row are not started again. */
export const maximumStarts = 3;

/** One step towards the wanted settings. Every one may be interrupted anywhere and done again. */
export type SettingsStep =
  /** Back to the device's own file. */
  | { kind: 'forget' }
  /** Check them and begin a trial. */
  | { kind: 'try'; settings: Settings }
  /** Make a station of the settings on trial. */
  | { kind: 'install'; settings: Settings }
  /** Watch the station that is on trial. */
  | { kind: 'judge' }
  /** Make a station of the last good settings; null: of the device's own. */
  | { kind: 'restore'; settings: Settings | null };

/**
 * The next step, if any.
 * @param inForce revision that the running station was made of, 0: the device's own; null: there is no station
 */
export function planSettings(state: SettingsState, inForce: number | null): SettingsStep | null {
  const { wanted, applied, trial, refused } = state;
  if (!wanted && (applied || trial)) return { kind: 'forget' };
  const settled = [applied?.revision, trial?.settings.revision, refused?.revision];
  if (wanted && !settled.includes(wanted.revision)) return { kind: 'try', settings: wanted };
  if (trial) {
    return inForce === trial.settings.revision
      ? { kind: 'judge' }
      : { kind: 'install', settings: trial.settings };
  }
  return inForce === (applied?.revision ?? 0) ? null : { kind: 'restore', settings: applied };
}

type Change = Partial<SettingsState>;

export const began = (settings: Settings, before: RanBefore[]): Change => ({
  trial: { settings, before, starts: 1 },
});
export const passed = ({ trial, applied }: SettingsState): Change => ({
  trial: null,
  applied: trial?.settings ?? applied,
});
export const forgotten: Change = { trial: null, applied: null };
export const refusedAs = (
  phase: 'rejected' | 'rolled_back',
  revision: number,
  code: string,
  message: string,
): Change => ({ trial: null, refused: { revision, phase, code, message: message.slice(0, 500) } });

/** What a start of the agent makes of a trial that it finds; null: nothing is to be written. */
export function restarted({ trial }: SettingsState): Change | null {
  if (!trial) return null;
  if (trial.starts < maximumStarts) return { trial: { ...trial, starts: trial.starts + 1 } };
  return refusedAs(
    'rolled_back',
    trial.settings.revision,
    'config_unhealthy',
    `the agent went down ${trial.starts} times in a row with these settings`,
  );
}

/** An ordered end says nothing against the settings on trial. */
export const stoppedInOrder = ({ trial }: SettingsState): Change | null =>
  trial && trial.starts > 0 ? { trial: { ...trial, starts: 0 } } : null;

/** Where the wanted settings stand. A refusal is one when the last good ones are in force again. */
export function phaseOf(
  { wanted, applied, trial, refused }: SettingsState,
  inForce: number | null,
): ConfigPhase {
  if (trial || inForce !== (applied?.revision ?? 0)) return 'applying';
  if (wanted && refused && wanted.revision === refused.revision) return refused.phase;
  return applied ? 'applied' : 'own';
}

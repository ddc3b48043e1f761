import { type DesiredState, LinesideError } from '@lineside/shared';

/**
 * A desired state is not signed, so it must at least say whom it is for: one that went astray or was played back to
 * another device changes nothing there. A fleet server of before names nobody; once a device was named, one that
 * names nobody is old.
 * @param known the desired state that the device has
 * @throws LinesideError `desired_misaddressed`
 */
export function mustBeFor(deviceId: string, desired: DesiredState, known: DesiredState | null): void {
  const named = desired.deviceId;
  if (named === deviceId) return;
  if (named === undefined && known?.deviceId === undefined) return;
  const whom = named === undefined ? 'names no device' : `is for ${named}`;
  throw new LinesideError('desired_misaddressed', `desired state ${desired.revision} ${whom}`);
}

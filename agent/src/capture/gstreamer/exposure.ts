import type { CameraConfig } from '@lineside/shared';

type Exposure = NonNullable<CameraConfig['exposure']>;
type Kind = CameraConfig['source']['kind'];

/** How each kind of camera is told its exposure; the drivers of V4L2 have had two names for the same control. */
const properties: { readonly [K in Kind]?: (exposure: Exposure) => string[] } = {
  v4l2({ timeMicroseconds, gain }) {
    const controls = ['c'];
    if (timeMicroseconds !== undefined) {
      const hundredMicroseconds = Math.max(1, Math.round(timeMicroseconds / 100));
      controls.push('auto_exposure=1', `exposure_time_absolute=${hundredMicroseconds}`);
      controls.push('exposure_auto=1', `exposure_absolute=${hundredMicroseconds}`);
    }
    if (gain !== undefined) controls.push(`gain=${Math.round(gain)}`);
    return controls.length > 1 ? [`extra-controls=${controls.join(',')}`] : [];
  },
  libcamera: ({ timeMicroseconds, gain }) => [
    ...(timeMicroseconds === undefined
      ? []
      : ['exposure-time-mode=manual', `exposure-time=${timeMicroseconds}`]),
    ...(gain === undefined ? [] : ['analogue-gain-mode=manual', `analogue-gain=${gain}`]),
  ],
  nvarguscamera: ({ timeMicroseconds, gain }) => [
    ...(timeMicroseconds === undefined
      ? []
      : [`exposuretimerange=${timeMicroseconds * 1000} ${timeMicroseconds * 1000}`]),
    ...(gain === undefined ? [] : [`gainrange=${gain} ${gain}`]),
  ],
};

export const exposureProperties = (kind: Kind, exposure: Exposure | undefined): string[] =>
  exposure ? (properties[kind]?.(exposure) ?? []) : [];

/** Whether a source of this kind can be told its exposure at all. */
export const takesExposure = (kind: Kind): boolean => kind in properties;

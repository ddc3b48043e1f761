import type { CameraConfig } from '../config.js';
import { FolderSource } from './folder-source.js';
import { GstreamerSource } from './gstreamer/gstreamer-source.js';
import { turned } from './picture-geometry.js';
import { ReframedSource } from './reframed-source.js';
import { type CaptureClock, captureClock, type Source } from './source.js';
import { SyntheticSource } from './synthetic/synthetic-source.js';

/** Makes the source that a camera's configuration names; it does nothing until it is started. */
export function createSource(
  camera: CameraConfig,
  stateDir: string,
  clock: CaptureClock = captureClock,
): Source {
  const { id, source, rotation = 0, regionOfInterest } = camera;
  const reframed = (inner: Source): Source =>
    rotation === 0 && regionOfInterest === undefined
      ? inner
      : new ReframedSource(inner, rotation, regionOfInterest);
  switch (source.kind) {
    case 'folder':
      return reframed(new FolderSource(id, source, stateDir, clock));
    case 'synthetic':
      return reframed(new SyntheticSource(id, { ...source, ...turned(source, rotation) }, clock));
    default:
      // GStreamer turns and cuts by itself, before it converts and hands over.
      return new GstreamerSource({ ...camera, source }, { clock });
  }
}

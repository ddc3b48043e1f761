import { type CameraConfig, type GstreamerSourceConfig, splitArguments } from '@lineside/shared';
import { cutOf, type Region, type Rotation, type Size, turned, wholeFor } from '../picture-geometry.js';
import { exposureProperties } from './exposure.js';

/** A camera whose pictures come out of GStreamer. */
export type GstreamerCamera = Omit<CameraConfig, 'source'> & { readonly source: GstreamerSourceConfig };

/** Rows of packed RGB start at multiples of four bytes (GstVideoInfo, GST_ROUND_UP_4). */
export const rowStride = (widthPixels: number): number => Math.ceil((widthPixels * 3) / 4) * 4;

const fraction = (framesPerSecond: number): string => `${Math.round(framesPerSecond * 1000)}/1000`;
const dimensions = ({ width, height }: Size): string => `width=${width},height=${height}`;

/** The source's own part. @param whole the size that the whole picture will be scaled to, as the sensor sees it */
function head(source: GstreamerSourceConfig, exposure: CameraConfig['exposure'], whole: Size): string[] {
  const hints = exposureProperties(source.kind, exposure);
  switch (source.kind) {
    case 'gstreamer':
      return splitArguments(source.pipeline);
    case 'videotestsrc':
      return [
        'videotestsrc',
        'is-live=true',
        `pattern=${source.pattern}`,
        '!',
        `video/x-raw,${dimensions(source)},framerate=${fraction(source.framesPerSecond)}`,
      ];
    case 'file':
      return [
        'filesrc',
        `location=${source.path}`,
        '!',
        'decodebin',
        // Only a sink keeps time, and fdsink is told not to: this element plays at the recording's speed instead.
        ...(source.realTime ? ['!', 'identity', 'sync=true'] : []),
      ];
    case 'v4l2':
      return ['v4l2src', `device=${source.device}`, ...hints, '!', 'decodebin'];
    case 'libcamera':
      return [
        'libcamerasrc',
        ...(source.cameraName === undefined ? [] : [`camera-name=${source.cameraName}`]),
        ...hints,
      ];
    case 'nvarguscamera':
      // The picture leaves the GPU's memory here, scaled by hardware.
      return [
        ...['nvarguscamerasrc', `sensor-id=${source.sensorId}`, ...hints],
        ...['!', 'nvvidconv', '!', `video/x-raw,${dimensions(whole)}`],
      ];
    case 'rtsp':
      return [
        'rtspsrc',
        `location=${source.url}`,
        `protocols=${source.transport}`,
        `latency=${source.latencyMs}`,
        '!',
        'decodebin',
      ];
  }
}

/** Not the older property `method`, which GStreamer 1.22.0 to 1.22.2 silently ignore. */
const directions: Record<Exclude<Rotation, 0>, string> = {
  90: '90r',
  180: '180',
  270: '90l',
};

/** Nobody knows the source's size beforehand, and videocrop counts pixels: so the whole is brought to a known size. */
function crop(region: Region, upright: Size, wanted: Size): string[] {
  const cut = cutOf(upright, region);
  return [
    ...['!', `video/x-raw,${dimensions(upright)},pixel-aspect-ratio=1/1`, '!', 'videoconvert'],
    ...['!', 'videocrop', `left=${cut.left}`, `top=${cut.top}`],
    ...[`right=${upright.width - cut.left - cut.width}`, `bottom=${upright.height - cut.top - cut.height}`],
    ...(cut.width === wanted.width && cut.height === wanted.height
      ? []
      : ['!', 'videoscale', 'add-borders=false']),
  ];
}

/** Whether every frame counts, so that the pipe's back-pressure holds the source instead of dropping. */
export const isLossless = (source: GstreamerSourceConfig): boolean =>
  source.kind === 'file' && !source.realTime;

/**
 * Whether GStreamer drops what is more than the frame rate. It tells frames by their timestamps and lets none pass that
 * has no timestamp, which is how some fragments deliver them (an HTTP or TCP source before a demuxer).
 */
export const limitsRate = (source: GstreamerSourceConfig): boolean =>
  source.kind !== 'gstreamer' && !isLossless(source);

/**
 * Arguments of gst-launch-1.0: the source, then scaling, turning, cutting and conversion to frames of exactly one size
 * on stdout. What throws pixels away comes before what costs time for each of them. Nothing passes through a shell.
 */
export function pipelineArguments(
  camera: Pick<GstreamerCamera, 'source' | 'rotation' | 'regionOfInterest' | 'exposure'>,
): string[] {
  const { source, rotation = 0, regionOfInterest: region } = camera;
  const lossless = isLossless(source);
  const limited = limitsRate(source);
  const upright = region ? wholeFor(source, region) : { width: source.width, height: source.height };
  const whole = turned(upright, rotation);
  return [
    '-q',
    ...head(source, camera.exposure, whole),
    ...(limited ? ['!', 'videorate', 'drop-only=true'] : []),
    '!',
    'videoscale',
    // Shares of the picture are shares of the camera's picture, not of one with borders.
    ...(region ? ['add-borders=false'] : []),
    // While gst-launch links, videoflip does not yet know that it swaps the sides: no size may stand before it.
    ...(rotation === 0
      ? []
      : ['!', 'videoconvert', '!', 'videoflip', `video-direction=${directions[rotation]}`]),
    ...(region ? crop(region, upright, source) : []),
    '!',
    'videoconvert',
    '!',
    `video/x-raw,format=RGB,${dimensions(source)},pixel-aspect-ratio=1/1${
      limited ? `,framerate=[0/1,${fraction(source.framesPerSecond)}]` : ''
    }`,
    '!',
    'queue',
    ...(lossless ? [] : ['leaky=downstream']),
    'max-size-buffers=1',
    'max-size-bytes=0',
    'max-size-time=0',
    '!',
    'fdsink',
    'fd=1',
    'sync=false',
  ];
}

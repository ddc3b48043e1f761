import Type, { type Static, type TObject } from 'typebox';
import { Id } from '../protocol/message.js';
import { strict } from './field.js';

const Pixels = (fallback: number) => Type.Integer({ minimum: 8, maximum: 8192, default: fallback });

const FolderSource = strict({
  kind: Type.Literal('folder'),
  path: Type.String({ minLength: 1, description: 'Folder with JPEG, PNG, WebP, BMP, TIFF or GIF files' }),
  mode: Type.Union([Type.Literal('once'), Type.Literal('loop'), Type.Literal('watch')], {
    default: 'watch',
    description:
      'once: every file, then end; loop: for ever; watch: each new file once, also across restarts',
  }),
  intervalMs: Type.Number({
    minimum: 0,
    default: 0,
    description: 'Between two frames; 0: as fast as decided',
  }),
  groupPattern: Type.Optional(
    Type.String({ description: 'Regular expression on the file name; its first capture group is the group' }),
  ),
  afterwards: Type.Union([Type.Literal('keep'), Type.Literal('delete'), Type.Literal('move')], {
    default: 'keep',
    description: 'watch: what happens to a file that was decided; move: into the subfolder done',
  }),
});

const SyntheticSource = strict({
  kind: Type.Literal('synthetic'),
  seed: Type.Integer({ minimum: 0, default: 1 }),
  variant: Type.Integer({ minimum: 0, default: 0, description: 'Lamp, lens and surface of this camera' }),
  defectShare: Type.Number({ minimum: 0, maximum: 1, default: 0.3 }),
  difficulty: Type.Number({ minimum: 0, maximum: 1, default: 0.5, description: '1: defects hard to see' }),
  framesPerSecond: Type.Number({ exclusiveMinimum: 0, maximum: 1000, default: 2 }),
  count: Type.Optional(Type.Integer({ minimum: 1, description: 'Frames until the source ends' })),
  width: Pixels(320),
  height: Pixels(240),
  revealTruth: Type.Boolean({ default: false, description: 'Put the drawn class into metadata.truth' }),
});

const live = {
  width: Pixels(640),
  height: Pixels(480),
  framesPerSecond: Type.Number({ exclusiveMinimum: 0, maximum: 240, default: 10 }),
  stallTimeoutMs: Type.Optional(
    Type.Integer({
      minimum: 100,
      description:
        'Restart a pipeline that delivers nothing for so long; absent: 1 s beyond the expected interval',
    }),
  ),
};

const GstreamerSource = strict({
  kind: Type.Literal('gstreamer'),
  pipeline: Type.String({ minLength: 1, description: 'gst-launch-1.0 syntax, without a sink' }),
  ...live,
});
const TestSource = strict({
  kind: Type.Literal('videotestsrc'),
  pattern: Type.String({ pattern: '^[a-z0-9-]+$', default: 'smpte' }),
  ...live,
});
const FileSource = strict({
  kind: Type.Literal('file'),
  path: Type.String({ minLength: 1, description: 'Video file' }),
  loop: Type.Boolean({ default: false }),
  realTime: Type.Boolean({
    default: true,
    description: 'Play at the speed of the recording and drop; false: every frame',
  }),
  ...live,
});
const V4l2Source = strict({
  kind: Type.Literal('v4l2'),
  device: Type.String({ minLength: 1, default: '/dev/video0' }),
  ...live,
});
const RtspSource = strict({
  kind: Type.Literal('rtsp'),
  url: Type.String({ pattern: '^rtsps?://', description: 'May hold user and password; never logged' }),
  transport: Type.Union([Type.Literal('tcp'), Type.Literal('udp')], { default: 'tcp' }),
  latencyMs: Type.Integer({ minimum: 0, default: 100 }),
  ...live,
});
const LibcameraSource = strict({
  kind: Type.Literal('libcamera'),
  cameraName: Type.Optional(Type.String({ minLength: 1, description: "libcamera's id; absent: the first" })),
  ...live,
});
const ArgusSource = strict({
  kind: Type.Literal('nvarguscamera'),
  sensorId: Type.Integer({ minimum: 0, default: 0 }),
  ...live,
});

/** One schema per kind of source, so that an error can be told about the kind that was meant. */
export const sourceSchemas = {
  folder: FolderSource,
  synthetic: SyntheticSource,
  gstreamer: GstreamerSource,
  videotestsrc: TestSource,
  file: FileSource,
  v4l2: V4l2Source,
  rtsp: RtspSource,
  libcamera: LibcameraSource,
  nvarguscamera: ArgusSource,
} as const satisfies Record<string, TObject>;

export type FolderSourceConfig = Static<typeof FolderSource>;
export type SyntheticSourceConfig = Static<typeof SyntheticSource>;
export type GstreamerSourceConfig =
  | Static<typeof GstreamerSource>
  | Static<typeof TestSource>
  | Static<typeof FileSource>
  | Static<typeof V4l2Source>
  | Static<typeof RtspSource>
  | Static<typeof LibcameraSource>
  | Static<typeof ArgusSource>;

const IntervalTrigger = strict({
  kind: Type.Literal('interval'),
  everyMs: Type.Integer({ minimum: 10, description: 'One frame is decided in each interval' }),
});
const MotionTrigger = strict({
  kind: Type.Literal('motion'),
  changedShare: Type.Number({
    exclusiveMinimum: 0,
    maximum: 1,
    default: 0.02,
    description: 'Share of the picture that must differ from the last frame',
  }),
  settleMs: Type.Integer({
    minimum: 0,
    default: 0,
    description: 'Wait until nothing moved for so long, then take one frame; 0: every frame that moves',
  }),
});
const ExternalTrigger = strict({
  kind: Type.Literal('external'),
  modbus: Type.Optional(
    strict({
      host: Type.String({ minLength: 1 }),
      port: Type.Integer({ minimum: 1, maximum: 65535, default: 502 }),
      unitId: Type.Integer({ minimum: 0, maximum: 255, default: 1 }),
      table: Type.Enum(['coil', 'discrete_input'], { default: 'discrete_input' }),
      address: Type.Integer({ minimum: 0, maximum: 65535 }),
      pollMs: Type.Integer({ minimum: 5, default: 20, description: 'A rising edge takes one frame' }),
    }),
  ),
});

/** One schema per kind of trigger. */
export const triggerSchemas = {
  interval: IntervalTrigger,
  motion: MotionTrigger,
  external: ExternalTrigger,
} as const satisfies Record<string, TObject>;
export type TriggerConfig =
  | Static<typeof IntervalTrigger>
  | Static<typeof MotionTrigger>
  | Static<typeof ExternalTrigger>;

export const CameraConfig = strict({
  id: Id,
  source: Type.Union([
    FolderSource,
    SyntheticSource,
    GstreamerSource,
    TestSource,
    FileSource,
    V4l2Source,
    RtspSource,
    LibcameraSource,
    ArgusSource,
  ]),
  trigger: Type.Optional(
    Type.Union([IntervalTrigger, MotionTrigger, ExternalTrigger], {
      description: 'Absent: every frame. external: POST /cameras/ID/trigger, a command, or Modbus',
    }),
  ),
  regionOfInterest: Type.Optional(
    strict({
      left: Type.Number({ minimum: 0, exclusiveMaximum: 1 }),
      top: Type.Number({ minimum: 0, exclusiveMaximum: 1 }),
      width: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
      height: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
    }),
  ),
  rotation: Type.Optional(Type.Enum([0, 90, 180, 270], { description: 'Degrees clockwise' })),
  exposure: Type.Optional(
    strict({
      timeMicroseconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000_000 })),
      gain: Type.Optional(Type.Number({ minimum: 0, maximum: 1000 })),
    }),
  ),
  frozenAfterMs: Type.Integer({
    minimum: 0,
    default: 10_000,
    description: 'Identical pictures for so long mean a frozen camera; 0: never (a still test picture)',
  }),
});
export type CameraConfig = Static<typeof CameraConfig>;

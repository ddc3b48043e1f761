import Type, { type Static } from 'typebox';
import { deviceIdPattern } from '../topics.js';
import { CameraConfig } from './capture.js';
import { section, strict } from './field.js';
import { HoldConfig } from './hold.js';
import { HttpConfig } from './http.js';
import { InferenceConfig } from './inference.js';
import { OutputConfig } from './outputs.js';
import { PolicyConfig } from './policy.js';
import { SpoolConfig } from './storage.js';

export * from './capture.js';
export * from './check.js';
export * from './hold.js';
export * from './http.js';
export * from './inference.js';
export * from './outputs.js';
export * from './policy.js';
export * from './secrets.js';
export * from './split-arguments.js';
export * from './storage.js';

/** What the fleet server may change from afar, each section as a whole. */
const remote = {
  cameras: Type.Array(CameraConfig, { minItems: 1, maxItems: 64 }),
  policy: PolicyConfig,
  outputs: Type.Array(OutputConfig, {
    maxItems: 8,
    default: [],
    description: 'Where decisions go besides GET /decisions',
  }),
  telemetryIntervalMs: Type.Integer({ minimum: 100, default: 10_000 }),
  logLevel: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], { default: 'info' }),
};

/** The agent's configuration: its file, under environment variables, under what the fleet server desires. */
export const AgentConfig = strict({
  stateDir: Type.String({ minLength: 1, default: '/var/lib/lineside' }),
  deviceName: Type.String({ pattern: deviceIdPattern, default: 'device' }),
  server: section({
    enrolUrl: Type.Optional(
      Type.String({
        pattern: '^https://',
        description: 'https://host:port of the device port; needed to enrol',
      }),
    ),
    claimToken: Type.Optional(Type.String({ minLength: 16, maxLength: 200 })),
    claimTokenFile: Type.Optional(Type.String({ minLength: 1 })),
  }),
  spool: SpoolConfig,
  inference: InferenceConfig,
  http: HttpConfig,
  hold: HoldConfig,
  ...remote,
});
export type AgentConfig = Static<typeof AgentConfig>;

/** Sections that the fleet server may set; those it leaves out stay as the device's file has them. */
export const RemoteSettings = Type.Partial(strict(remote), { additionalProperties: false });
export type RemoteSettings = Static<typeof RemoteSettings>;

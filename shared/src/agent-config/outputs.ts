import Type, { type Static, type TObject } from 'typebox';
import { strict } from './field.js';

const common = {
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'In metrics and alarms' })),
  cameras: Type.Optional(
    Type.Array(Type.String(), { minItems: 1, description: 'Only decisions of these cameras' }),
  ),
};
const timeoutMs = Type.Integer({
  minimum: 10,
  maximum: 60_000,
  default: 1000,
  description:
    'From capture: a decision not delivered by then is given up, as a late one could act on the next part',
});
const safeAfterMs = Type.Integer({
  minimum: 0,
  default: 10_000,
  description:
    'A camera that decides nothing for so long is not relied on: the safe value is set; 0: never. Does not count for cameras that wait for a trigger or a file',
});

const JsonlOutput = strict({ kind: Type.Literal('jsonl'), path: Type.String({ minLength: 1 }), ...common });
const MqttOutput = strict({
  kind: Type.Literal('mqtt'),
  url: Type.String({ pattern: '^mqtts?://' }),
  topic: Type.String({
    minLength: 1,
    maxLength: 256,
    pattern: '^[^+#]+$',
    default: 'lineside/decisions/{camera}',
  }),
  qos: Type.Enum([0, 1, 2], {
    default: 2,
    description:
      'Sent once at most with each of them. 2: a broker that stood still does not pass a decision on late; 1: for a broker that does not know 2; 0: nobody learns whether it arrived',
  }),
  username: Type.Optional(Type.String()),
  passwordFile: Type.Optional(Type.String({ minLength: 1 })),
  caFile: Type.Optional(Type.String({ minLength: 1 })),
  timeoutMs,
  ...common,
});
const ModbusOutput = strict({
  kind: Type.Literal('modbus'),
  host: Type.String({ minLength: 1 }),
  port: Type.Integer({ minimum: 1, maximum: 65535, default: 502 }),
  unitId: Type.Integer({ minimum: 0, maximum: 255, default: 1 }),
  table: Type.Enum(['coil', 'holding_register'], { default: 'holding_register' }),
  address: Type.Integer({ minimum: 0, maximum: 65535 }),
  values: Type.Record(Type.String(), Type.Integer({ minimum: 0, maximum: 65535 }), {
    description: 'Class id → value written',
  }),
  safeValue: Type.Integer({
    minimum: 0,
    maximum: 65535,
    description:
      'Written when the camera is not sure: no model, not accepted, a class without a value, silent, or the agent stops',
  }),
  safeAfterMs,
  timeoutMs,
  ...common,
});
const GpioOutput = strict({
  kind: Type.Literal('gpio'),
  chip: Type.String({ pattern: '^[A-Za-z0-9/_-]+$', default: 'gpiochip0' }),
  line: Type.Integer({ minimum: 0, maximum: 1023 }),
  activeClasses: Type.Array(Type.String(), {
    minItems: 1,
    description: 'Accepted classes that set the line',
  }),
  safeValue: Type.Enum([0, 1], { default: 0, description: 'Level when the camera is not sure' }),
  pulseMs: Type.Integer({ minimum: 0, maximum: 60_000, default: 0, description: '0: hold the level' }),
  safeAfterMs,
  timeoutMs,
  ...common,
});
const WebhookOutput = strict({
  kind: Type.Literal('webhook'),
  url: Type.String({ pattern: '^https?://' }),
  headersFile: Type.Optional(
    Type.String({ minLength: 1, description: 'JSON file of headers, so that secrets stay out of this file' }),
  ),
  timeoutMs,
  ...common,
});

/** One schema per kind of output, so that an error can be told about the kind that was meant. */
export const outputSchemas = {
  jsonl: JsonlOutput,
  mqtt: MqttOutput,
  modbus: ModbusOutput,
  gpio: GpioOutput,
  webhook: WebhookOutput,
} as const satisfies Record<string, TObject>;

export const OutputConfig = Type.Union([JsonlOutput, MqttOutput, ModbusOutput, GpioOutput, WebhookOutput]);
export type OutputConfig = Static<typeof OutputConfig>;
export type OutputOf<K extends OutputConfig['kind']> = Extract<OutputConfig, { kind: K }>;

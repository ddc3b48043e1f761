import type { Decision, LinesideError, OutputConfig, OutputOf } from '@lineside/shared';
import type { CameraConfig } from '../config.js';
import type { Statistics } from '../health/statistics.js';
import type { DecisionEvent, LocalOutput } from './decision-sink.js';
import { type GpioSignal, GpioTarget } from './gpio/gpio-target.js';
import { JsonlSink } from './jsonl-sink.js';
import { Ledger } from './ledger.js';
import { MessageOutput } from './message-output.js';
import { ModbusTarget } from './modbus-target.js';
import { MqttTarget } from './mqtt-target.js';
import { SignalOutput } from './signal-output.js';
import type { Target } from './target.js';
import { WebhookTarget } from './webhook-target.js';

export interface OutputsContext {
  readonly cameras: readonly CameraConfig[];
  readonly statistics: Statistics;
  readonly onError: (error: LinesideError) => void;
  readonly monotonicMs: () => number;
}

/** The outputs' names in metrics and alarms: as configured, else by kind and, from the second on, a number. */
export function outputNames(configs: readonly OutputConfig[]): string[] {
  const taken = new Set(configs.flatMap(({ name }) => name ?? []));
  return configs.map(({ kind, name }) => {
    if (name !== undefined) return name;
    let free: string = kind;
    for (let number = 2; taken.has(free); number++) free = `${kind}-${number}`;
    taken.add(free);
    return free;
  });
}

/** Makes the outputs that the configuration names, and what counts the decisions of cameras that have none. */
export function createOutputs(configs: readonly OutputConfig[], context: OutputsContext): LocalOutput[] {
  const names = outputNames(configs);
  const outputs = configs.map((config, index) => createOutput(config, names[index] ?? config.kind, context));
  const alone = context.cameras.filter(({ id }) =>
    configs.every(({ cameras }) => cameras !== undefined && !cameras.includes(id)),
  );
  if (alone.length === 0) return outputs;
  return [...outputs, handedOver(new Set(alone.map(({ id }) => id)), context.statistics)];
}

function createOutput(config: OutputConfig, name: string, context: OutputsContext): LocalOutput {
  const { monotonicMs } = context;
  const cameras = context.cameras.filter(({ id }) => config.cameras?.includes(id) ?? true);
  const ids = new Set(cameras.map(({ id }) => id));
  const ledger = new Ledger({ name, ...context });
  const message = (target: Target<DecisionEvent>, timeoutMs: number): LocalOutput =>
    new MessageOutput({ cameras: ids, target, ledger, timeoutMs, monotonicMs });
  switch (config.kind) {
    case 'jsonl':
      return new JsonlSink({ path: config.path, cameras: ids, ledger });
    case 'mqtt':
      return message(new MqttTarget(config), config.timeoutMs);
    case 'webhook':
      return message(new WebhookTarget(config), config.timeoutMs);
    case 'modbus':
      return new SignalOutput({
        ...config,
        cameras,
        ledger,
        monotonicMs,
        target: new ModbusTarget(config),
        signalOf: (decision) => registerValue(config, decision),
        safe: config.safeValue,
      });
    case 'gpio':
      return new SignalOutput<GpioSignal>({
        ...config,
        cameras,
        ledger,
        monotonicMs,
        target: new GpioTarget(config),
        signalOf: (decision) => lineSignal(config, decision),
        safe: { hold: config.safeValue },
      });
  }
}

/** The value of the class that was accepted; the safe value when none was, or when it has no value. */
export function registerValue({ safeValue, values }: OutputOf<'modbus'>, decision: Decision | null): number {
  if (!decision?.accepted || !Object.hasOwn(values, decision.classId)) return safeValue;
  return values[decision.classId] ?? safeValue;
}

export function lineSignal(
  { activeClasses, pulseMs, safeValue }: OutputOf<'gpio'>,
  decision: Decision | null,
): GpioSignal {
  const level = decision?.accepted ? (activeClasses.includes(decision.classId) ? 1 : 0) : safeValue;
  if (pulseMs === 0) return { hold: level };
  return level === 1 ? 'pulse' : 'rest';
}

/** Where only the stream of decisions is left, a decision counts as delivered once it is handed to that. */
function handedOver(cameras: ReadonlySet<string>, statistics: Statistics): LocalOutput {
  return {
    start() {},
    emit({ cameraId }) {
      if (cameras.has(cameraId)) statistics.passed(cameraId, 'delivered');
    },
    async close() {},
  };
}

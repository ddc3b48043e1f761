import type { LinesideError, TriggerConfig } from '@lineside/shared';
import type { CaptureClock } from '../source.js';
import { everyFrame } from './every-frame.js';
import { ExternalTrigger } from './external-trigger.js';
import { IntervalTrigger } from './interval-trigger.js';
import { MotionTrigger } from './motion-trigger.js';
import type { Trigger } from './trigger.js';

export interface TriggerPorts {
  readonly clock: CaptureClock;
  readonly onError: (error: LinesideError) => void;
}

/** Makes the trigger that a camera's configuration names; it does nothing until it is started. */
export function createTrigger(config: TriggerConfig | undefined, ports: TriggerPorts): Trigger {
  switch (config?.kind) {
    case 'interval':
      return new IntervalTrigger(config.everyMs);
    case 'motion':
      return new MotionTrigger(config);
    case 'external':
      return new ExternalTrigger({ ...ports, modbus: config.modbus });
    default:
      return everyFrame;
  }
}

import type { Camera, Device } from '../../api/types.js';
import { phrases } from '../../i18n/index.js';
import type { Tone } from '../../ui/signal.js';

export const stageOrder = ['captured', 'inferred', 'decided', 'delivered'] as const;
export type Stage = (typeof stageOrder)[number];

export const stageLabels: Record<Stage, string> = phrases({
  captured: 'Captured',
  inferred: 'Inferred',
  decided: 'Decided',
  delivered: 'Delivered',
});

export interface StageView {
  stage: Stage;
  tone: Tone;
  /** On the server's clock; null: never. */
  at: number | null;
  message: string | null;
}

/** A stage that is so much older than the one before it does not keep up. */
const stuckMs = 10_000;

/** How the frames of a camera get on, stage by stage; grey while nobody can know. */
export function stagesOf(device: Device, camera: Camera): StageView[] {
  const offsetMs = device.telemetry?.clockOffsetMs ?? 0;
  const stopped = ['failed', 'frozen', 'flapping'].includes(camera.state);
  return stageOrder.map((stage, index) => {
    const { at, failedAt, message } = camera.stages[stage];
    const previous = stageOrder[index - 1];
    const before = previous ? camera.stages[previous].at : null;
    const failing = failedAt !== undefined && failedAt > (at ?? 0);
    // Not every decision is delivered, so that an old delivery alone is no sign of trouble.
    const behind = stage !== 'delivered' && before !== null && before - (at ?? 0) > stuckMs;
    const bad = failing || behind || (stage === 'captured' && stopped);
    const tone: Tone = !device.online ? 'idle' : bad ? 'bad' : at === null ? 'idle' : 'ok';
    return {
      stage,
      tone,
      at: at === null ? null : at - offsetMs,
      message: failing ? (message ?? null) : null,
    };
  });
}

export const cameraTones: Record<Camera['state'], Tone> = {
  starting: 'busy',
  running: 'ok',
  frozen: 'bad',
  backing_off: 'warn',
  flapping: 'bad',
  finished: 'idle',
  failed: 'bad',
};

export const cameraWords: Record<Camera['state'], string> = phrases({
  starting: 'Starting',
  running: 'Running',
  frozen: 'Frozen picture',
  backing_off: 'Waiting to try again',
  flapping: 'Flapping',
  finished: 'Finished',
  failed: 'Failed',
});

import type { AgentConfig, CameraConfig, CameraStateName } from '@lineside/shared';
import type { RanBefore } from './settings-state.js';

/** A camera's state and what its frames have come to since the agent started. */
export interface CameraVitals {
  id: string;
  state: CameraStateName;
  captured: number;
  decided: number;
  captureErrors: number;
  inferenceErrors: number;
}

export interface TrialRule {
  /** Settings on trial are watched at least so long. */
  graceMs: number;
  /** A camera that ran before must run again by then, */
  runsAgainMs: number;
  /** … or by then, where connecting may take its time. */
  slowRunsAgainMs: number;
}

export const defaultTrialRule: TrialRule = { graceMs: 3000, runsAgainMs: 15_000, slowRunsAgainMs: 60_000 };

/** So many failures in a row without a frame, or failed inferences without a decision, need no more waiting. */
const hopeless = 3;

const slowSources: CameraConfig['source']['kind'][] = ['rtsp', 'gstreamer', 'libcamera', 'nvarguscamera'];
const isSlow = ({ source }: CameraConfig): boolean => slowSources.includes(source.kind);

/** Whether frames come by themselves: a folder may see nothing for hours. */
const isSteady = ({ source }: CameraConfig): boolean => source.kind !== 'folder' || source.mode === 'loop';

/** Whether each frame, or one in each interval, is decided: other triggers may wait for hours. */
const decidesSteadily = ({ trigger }: CameraConfig): boolean => !trigger || trigger.kind === 'interval';

const failing: CameraStateName[] = ['failed', 'flapping', 'backing_off'];

/** What there is to lose: the cameras that run, and how far their frames come. */
export function whatRuns(cameras: readonly CameraVitals[]): RanBefore[] {
  return cameras
    .filter(({ state, captured }) => state === 'running' && captured > 0)
    .map(({ id, decided }) => ({ cameraId: id, stage: decided > 0 ? 'decided' : 'captured' }));
}

export type Verdict = { kind: 'wait' } | { kind: 'healthy' } | { kind: 'unhealthy'; message: string };

export interface Trial {
  readonly config: AgentConfig;
  readonly before: readonly RanBefore[];
  /** Vitals when the station on trial was made. */
  readonly baseline: readonly CameraVitals[];
  /** Without a model nothing can be decided, whatever the settings. */
  readonly hasModel: boolean;
}

/**
 * Compares the cameras under new settings with what ran before: each that is still there must run again, and if none
 * is left, one of the others must.
 */
export function judgeTrial(
  rule: TrialRule,
  trial: Trial,
  elapsedMs: number,
  now: readonly CameraVitals[],
): Verdict {
  const cameras = trial.config.cameras.map((config) => stand(rule, trial, elapsedMs, config, now));
  const failed = cameras.find(({ inferenceFails }) => inferenceFails);
  if (failed) return unhealthy(`${failed.id}: inference fails with these settings`);
  const ran = new Set(trial.before.map(({ cameraId }) => cameraId));
  const remaining = cameras.filter(({ id }) => ran.has(id));
  const lost = remaining.find(({ standing }) => standing === 'lost');
  if (lost) return unhealthy(`${lost.id} ran before and does not any more (${lost.state})`);
  const successors = ran.size > 0 && remaining.length === 0 ? cameras : [];
  if (successors.length > 0 && successors.every(({ standing }) => standing === 'lost')) {
    return unhealthy('no camera runs any more');
  }
  const done =
    remaining.every(({ standing }) => standing === 'runs') &&
    (successors.length === 0 || successors.some(({ standing }) => standing === 'runs'));
  return { kind: done && elapsedMs >= rule.graceMs ? 'healthy' : 'wait' };
}

const unhealthy = (message: string): Verdict => ({ kind: 'unhealthy', message });

interface Standing {
  id: string;
  state: CameraStateName;
  standing: 'runs' | 'pending' | 'lost';
  inferenceFails: boolean;
}

function stand(
  rule: TrialRule,
  { before, baseline, hasModel }: Trial,
  elapsedMs: number,
  config: CameraConfig,
  now: readonly CameraVitals[],
): Standing {
  const { id } = config;
  const is = now.find((camera) => camera.id === id);
  const was = baseline.find((camera) => camera.id === id);
  const grown = (count: 'captured' | 'decided' | 'captureErrors' | 'inferenceErrors'): number =>
    (is?.[count] ?? 0) - (was?.[count] ?? 0);
  const state = is?.state ?? 'failed';
  const every = config.trigger?.kind === 'interval' ? 2 * config.trigger.everyMs : 0;
  const late = elapsedMs >= (isSlow(config) ? rule.slowRunsAgainMs : rule.runsAgainMs) + every;
  const errors = grown('inferenceErrors');
  const inferenceFails = errors > grown('decided') && (errors >= hopeless || late);
  const standing = (): Standing['standing'] => {
    const { stage } = before.find(({ cameraId }) => cameraId === id) ?? {};
    const decides = hasModel && stage !== 'captured' && decidesSteadily(config);
    if (grown(decides ? 'decided' : 'captured') > 0 && !failing.includes(state)) return 'runs';
    const failsAtOnce = !isSlow(config) && grown('captureErrors') >= hopeless && grown('captured') === 0;
    if (state === 'flapping' || failsAtOnce) return 'lost';
    if (!isSteady(config)) {
      if (!failing.includes(state)) return 'runs';
      return late ? 'lost' : 'pending';
    }
    // A recording that is through has nothing more to show.
    if (state === 'finished') return 'runs';
    return late ? 'lost' : 'pending';
  };
  return { id, state, standing: standing(), inferenceFails };
}

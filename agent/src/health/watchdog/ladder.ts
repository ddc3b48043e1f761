import type { Silence } from '../progress/progress.js';

/** One camera as the ladder sees it; `silence` null: it moves, or is known not to. */
export interface LadderCamera {
  readonly id: string;
  readonly silence: Silence | null;
  /** Whether its source delivers, so that a restart of the whole agent would hold it up. */
  readonly runs: boolean;
}

export interface LadderView {
  readonly nowMs: number;
  readonly cameras: readonly LadderCamera[];
  /** An engine is being compiled, settings are being changed: silence is expected. */
  readonly suspended: boolean;
  /** Restarts of the process that this ladder asked for in the last hour. */
  readonly recentExits: number;
}

export type LadderAction =
  | { readonly kind: 'restart_camera'; readonly cameraId: string }
  | { readonly kind: 'restart_inference' }
  | { readonly kind: 'rebuild_station' }
  | { readonly kind: 'exit'; readonly reason: string };

/** pipeline → agent → unit, each rung given time to help before the next. */
export interface LadderRule {
  /** Silence after which something is done. */
  readonly silentMs: number;
  readonly pipelineMs: number;
  readonly agentMs: number;
  /** A camera that moves for so long starts from the bottom next time. */
  readonly calmMs: number;
  /** Restarts of the process an hour. */
  readonly mostExits: number;
  /** With no restarts left, the lowest rung is tried again this often. */
  readonly retryMs: number;
}

/**
 * The rungs together take less than the watchdog's time after `silentMs`: the agent ends itself, with the reason told,
 * before systemd has to kill it without one.
 */
export const ladderRule: LadderRule = {
  silentMs: 7000,
  pipelineMs: 6000,
  agentMs: 8000,
  calmMs: 60_000,
  mostExits: 3,
  retryMs: 600_000,
};

type Rung = 'pipeline' | 'agent' | 'exhausted';
interface Climb {
  readonly rung: Rung;
  /** When the rung was taken. */
  readonly atMs: number;
  /** When the camera was last seen silent. */
  readonly silentAtMs: number;
}

/** How far each troubled camera has climbed. */
export type LadderState = ReadonlyMap<string, Climb>;
export const ladderBottom: LadderState = new Map();

export interface LadderStep {
  readonly state: LadderState;
  readonly actions: readonly LadderAction[];
  /** Why the agent does not restart itself although a camera is silent; null: nothing is given up. */
  readonly gaveUp: string | null;
}

/** One look: what to do now, and what to remember. Pure; the caller acts. */
export function climb(before: LadderState, view: LadderView, rule: LadderRule = ladderRule): LadderStep {
  const { nowMs, cameras } = view;
  if (view.suspended) return { state: before, actions: [], gaveUp: null };
  const state = new Map<string, Climb>();
  const actions: LadderAction[] = [];
  const silent = cameras.filter(({ silence }) => silence !== null && silence.forMs >= rule.silentMs);
  // One camera in trouble never holds up another: what serves all of them is only touched when none goes on.
  const othersGoOn = cameras.some((camera) => camera.runs && !silent.includes(camera));

  for (const camera of cameras) {
    const earlier = before.get(camera.id);
    if (!silent.includes(camera)) {
      if (earlier && nowMs - earlier.silentAtMs < rule.calmMs) state.set(camera.id, earlier);
      continue;
    }
    const take = (rung: Rung, ...taken: LadderAction[]): void => {
      state.set(camera.id, { rung, atMs: nowMs, silentAtMs: nowMs });
      actions.push(...taken);
    };
    const since = earlier ? nowMs - earlier.atMs : 0;
    const atModel = camera.silence?.at === 'inference';
    if (!earlier) {
      take('pipeline', atModel ? inference : { kind: 'restart_camera', cameraId: camera.id });
    } else if (earlier.rung === 'pipeline' && since >= rule.pipelineMs) {
      if (othersGoOn) take('exhausted');
      else take('agent', station, ...(atModel ? [inference] : []));
    } else if (earlier.rung === 'agent' && since >= rule.agentMs) {
      if (!othersGoOn && view.recentExits < rule.mostExits) {
        const reason = `camera ${camera.id} decides nothing and neither its source nor the station could be mended`;
        take('agent', { kind: 'exit', reason });
      } else take('exhausted');
    } else if (earlier.rung === 'exhausted' && since >= rule.retryMs) {
      take('exhausted', atModel ? inference : { kind: 'restart_camera', cameraId: camera.id });
    } else {
      state.set(camera.id, { ...earlier, silentAtMs: nowMs });
    }
  }
  const exhausted = silent.filter(({ id }) => state.get(id)?.rung === 'exhausted').map(({ id }) => id);
  return {
    state,
    actions: distinct(actions),
    gaveUp:
      exhausted.length > 0
        ? `restarting did not help ${exhausted.join(', ')}: the agent stays up and decides what it can`
        : null,
  };
}

const inference: LadderAction = { kind: 'restart_inference' };
const station: LadderAction = { kind: 'rebuild_station' };

/** An end of the process makes everything else needless, and what serves all cameras is done once. */
function distinct(actions: readonly LadderAction[]): LadderAction[] {
  const exit = actions.find(({ kind }) => kind === 'exit');
  if (exit) return [exit];
  return actions.filter(
    (action, index) => action.kind === 'restart_camera' || actions.indexOf(action) === index,
  );
}

/**
 * Whether the service manager may be told that all is well: every camera that owes a decision has moved, or the
 * ladder is known to be at it and has not run out of its own time.
 */
export function inOrder(step: LadderStep, view: LadderView, rule: LadderRule = ladderRule): boolean {
  if (view.suspended || step.gaveUp !== null) return true;
  const limitMs = rule.silentMs + rule.pipelineMs;
  return view.cameras.every(({ silence }) => silence === null || silence.forMs < limitMs);
}

import { type CameraStateName, LinesideError } from '@lineside/shared';
import { type BackoffLimits, backoffMs } from '../../uplink/backoff.js';

/** What is known of a source that can fail. All times are monotonic, in milliseconds. */
export interface Supervision {
  readonly state: CameraStateName;
  /** Why it is not running. */
  readonly message?: string;
  /** The newest failures inside the window of the circuit breaker. */
  readonly failuresAtMs: readonly number[];
  /** Failed attempts since the source last ran steadily. */
  readonly attempts: number;
  /** Restarts tried because the picture stood still, since it last moved for long. */
  readonly thaws: number;
  /** First frame of the present attempt; null before it. */
  readonly framesSinceMs: number | null;
}

export type SupervisionEvent =
  /** @property frozen whether the picture has been the same for too long */
  | { readonly kind: 'frame'; readonly frozen: boolean }
  /** The attempt is over: the child died, or was ended because it hung. */
  | { readonly kind: 'failed'; readonly error: LinesideError }
  /** The wait that was asked for is over. */
  | { readonly kind: 'waited' }
  /** The source is through. */
  | { readonly kind: 'ended' };

export type SupervisionAction =
  /** Starts the source; an attempt that still runs is ended first. */
  | { readonly kind: 'launch' }
  /** Asks for `waited` after a time, in place of any wait before. */
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'cancel_wait' }
  | { readonly kind: 'tell'; readonly error: LinesideError };

export interface SupervisionLimits {
  /** After frames for so long, a failure is the first one: the source is started again at once. */
  readonly steadyAfterMs: number;
  readonly backoff: BackoffLimits;
  /** So many failures within the window open the circuit breaker. */
  readonly breakerFailures: number;
  readonly breakerWindowMs: number;
  readonly flappingRetry: BackoffLimits;
  /** Frames for so long close it again. */
  readonly healthyAfterMs: number;
  readonly frozenRetry: BackoffLimits;
}

export const supervisionLimits: SupervisionLimits = {
  steadyAfterMs: 1000,
  backoff: { minMs: 250, maxMs: 15_000 },
  breakerFailures: 8,
  breakerWindowMs: 60_000,
  flappingRetry: { minMs: 15_000, maxMs: 15_000 },
  healthyAfterMs: 30_000,
  frozenRetry: { minMs: 2000, maxMs: 300_000 },
};

export const launched: Supervision = {
  state: 'starting',
  failuresAtMs: [],
  attempts: 0,
  thaws: 0,
  framesSinceMs: null,
};

export interface Moment {
  readonly nowMs: number;
  readonly limits: SupervisionLimits;
  /** In [0, 1): keeps cameras that failed together from coming back together. */
  readonly random: number;
}

export interface Transition {
  readonly next: Supervision;
  readonly actions: readonly SupervisionAction[];
}

type Handler<Kind extends SupervisionEvent['kind']> = (
  now: Supervision,
  event: Extract<SupervisionEvent, { kind: Kind }>,
  moment: Moment,
) => Transition;
type Row = { readonly [Kind in SupervisionEvent['kind']]?: Handler<Kind> };

const stay = (next: Supervision): Transition => ({ next, actions: [] });
const plain = ({ message: _, ...rest }: Supervision): Supervision => rest;

const ranFor = (now: Supervision, { nowMs }: Moment): number =>
  now.framesSinceMs === null ? 0 : nowMs - now.framesSinceMs;

const firstFrame: Handler<'frame'> = (now, _event, { nowMs }) =>
  stay({ ...plain(now), state: 'running', framesSinceMs: nowMs });

const thawLater = ({ thaws }: Supervision, { limits, random }: Moment): SupervisionAction => ({
  kind: 'wait',
  ms: backoffMs(thaws, limits.frozenRetry, random),
});

const frameWhileRunning: Handler<'frame'> = (now, { frozen }, moment) => {
  if (frozen) {
    const error = new LinesideError('capture_frozen', 'the picture stands still: every frame is the same');
    return {
      next: { ...now, state: 'frozen', message: error.message },
      actions: [{ kind: 'tell', error }, thawLater(now, moment)],
    };
  }
  if (now.thaws > 0 && ranFor(now, moment) >= moment.limits.healthyAfterMs) return stay({ ...now, thaws: 0 });
  return stay(now);
};

const frameWhileFrozen: Handler<'frame'> = (now, { frozen }, moment) => {
  const framesSinceMs = now.framesSinceMs ?? moment.nowMs;
  if (!frozen) {
    return {
      next: { ...plain(now), state: 'running', framesSinceMs },
      actions: [{ kind: 'cancel_wait' }],
    };
  }
  if (now.framesSinceMs !== null) return stay(now);
  // The restart did not help. Only now the next one is due, because a camera may take long to start.
  return { next: { ...now, framesSinceMs }, actions: [thawLater(now, moment)] };
};

const frameWhileFlapping: Handler<'frame'> = (now, _event, moment) => {
  if (now.framesSinceMs === null) return stay({ ...now, framesSinceMs: moment.nowMs });
  if (ranFor(now, moment) < moment.limits.healthyAfterMs) return stay(now);
  return stay({ ...plain(now), state: 'running', failuresAtMs: [], attempts: 0 });
};

const failed: Handler<'failed'> = (now, { error }, moment) => {
  const { nowMs, limits, random } = moment;
  const failuresAtMs = [...now.failuresAtMs.filter((at) => nowMs - at < limits.breakerWindowMs), nowMs].slice(
    -limits.breakerFailures,
  );
  const steady = ranFor(now, moment) >= limits.steadyAfterMs;
  const attempts = steady ? 0 : now.attempts + 1;
  const after = { ...now, failuresAtMs, attempts, framesSinceMs: null, message: error.message };
  const tell: SupervisionAction = { kind: 'tell', error };
  if (now.state === 'flapping' || failuresAtMs.length >= limits.breakerFailures) {
    const seconds = Math.round(limits.breakerWindowMs / 1000);
    const flapping = new LinesideError(
      'capture_flapping',
      `${failuresAtMs.length} failures within ${seconds} s, the last one: ${error.message}`,
    );
    return {
      next: { ...after, state: 'flapping' },
      actions: [
        tell,
        ...(now.state === 'flapping' ? [] : [{ kind: 'tell' as const, error: flapping }]),
        { kind: 'wait', ms: backoffMs(0, limits.flappingRetry, random) },
      ],
    };
  }
  if (steady) return { next: { ...after, state: 'starting' }, actions: [tell, { kind: 'launch' }] };
  return {
    next: { ...after, state: 'backing_off' },
    actions: [tell, { kind: 'wait', ms: backoffMs(attempts - 1, limits.backoff, random) }],
  };
};

const ended: Handler<'ended'> = (now) => ({
  next: { ...plain(now), state: 'finished' },
  actions: [{ kind: 'cancel_wait' }],
});

const launch =
  (state: CameraStateName): Handler<'waited'> =>
  (now) => ({ next: { ...now, state, framesSinceMs: null }, actions: [{ kind: 'launch' }] });

const thaw: Handler<'waited'> = (now) => ({
  next: { ...now, thaws: now.thaws + 1, framesSinceMs: null },
  actions: [{ kind: 'launch' }],
});

/** Every transition there is; what a state does not name does not concern it. */
const transitions: { readonly [State in CameraStateName]: Row } = {
  starting: { frame: firstFrame, failed, ended },
  running: { frame: frameWhileRunning, failed, ended },
  frozen: { frame: frameWhileFrozen, failed, ended, waited: thaw },
  backing_off: { waited: launch('starting') },
  // Open: launched slowly. Half open: frames come and are decided, but it has yet to prove itself.
  flapping: { frame: frameWhileFlapping, failed, ended, waited: launch('flapping') },
  finished: {},
  failed: {},
};

/** What becomes of a source, and what is to be done. Returns the same object when nothing changes. */
export function supervise(now: Supervision, event: SupervisionEvent, moment: Moment): Transition {
  const row = transitions[now.state];
  switch (event.kind) {
    case 'frame':
      return row.frame?.(now, event, moment) ?? stay(now);
    case 'failed':
      return row.failed?.(now, event, moment) ?? stay(now);
    case 'waited':
      return row.waited?.(now, event, moment) ?? stay(now);
    case 'ended':
      return row.ended?.(now, event, moment) ?? stay(now);
  }
}

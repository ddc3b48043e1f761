import { type Bet, betsOn } from './bets.js';
import { advance, type Chart, type Excess } from './chart.js';
import { nothingUsual, remember, type Seen, type Usual } from './usual.js';

/** Sums over frames, for people to read. */
export interface Sums {
  frames: number;
  classes: Record<string, number>;
  confidence: number;
  /** Frames with a distance, the sum of it, and how many were novel. */
  measured: number;
  distance: number;
  novel: number;
}

export interface DriftAlarm extends Excess {
  /** Frames until the change, and from it on. */
  readonly before: Sums;
  readonly since: Sums;
  /** The newest of them, for people to look at. */
  readonly frameIds: string[];
}

/** One camera: what is usual there, and what was counted last. */
interface Watched {
  usual: Usual;
  atMs: number;
  group: string | null;
}

/** What is known of one model on one device, or, without cameras, on the fleet. Plain data: it is stored as JSON. */
export interface DriftState {
  sums: Sums;
  cameras: Record<string, Watched>;
  chart: Chart;
  /** The newest frames, oldest first: what a change is described from. */
  recent: Pick<Seen, 'id' | 'classId' | 'confidence' | 'distance'>[];
  alarm: DriftAlarm | null;
}

/** Fewer frames say little about what is usual; alarms are possible, and hardly ever come. */
export const fewestFrames = 200;
/** Closer frames of one camera mostly show one part, and would count one observation many times. */
export const apartMs = 60_000;
const mostRecent = 400;
const mostShown = 24;

const nothing = (): Sums => ({ frames: 0, classes: {}, confidence: 0, measured: 0, distance: 0, novel: 0 });

export const newDriftState = (): DriftState => ({
  sums: nothing(),
  cameras: {},
  chart: {},
  recent: [],
  alarm: null,
});

/**
 * Takes one frame of a device's random sample in. Each camera is compared with itself, so a camera that is switched off
 * changes nothing. Frames too near the one before it, or of its group, are left out.
 * @returns the bets on this frame, for the fleet; null: it was not counted
 */
export function observe(state: DriftState, seen: Seen): ReadonlyMap<string, Bet> | null {
  const before = state.cameras[seen.cameraId];
  if (before) {
    const near = Math.abs(seen.atMs - before.atMs) < apartMs;
    if (near || (seen.group !== null && seen.group === before.group)) return null;
  }
  const { usual } = before ?? { usual: nothingUsual() };
  state.cameras[seen.cameraId] = { usual, atMs: seen.atMs, group: seen.group };
  if (state.alarm) {
    follow(state, new Map(), seen);
    return null;
  }
  const bets = betsOn(usual, seen);
  remember(usual, seen);
  follow(state, bets, seen);
  return bets;
}

/** Charts a frame that a device has compared with what is usual there. */
export function follow(state: DriftState, bets: ReadonlyMap<string, Bet>, seen: Seen): void {
  if (state.alarm) {
    add(state.alarm.since, seen);
    state.alarm.frameIds.push(seen.id);
    if (state.alarm.frameIds.length > mostShown) state.alarm.frameIds.shift();
    return;
  }
  add(state.sums, seen);
  const { id, atMs, classId, confidence, distance } = seen;
  state.recent.push({ id, classId, confidence, distance });
  if (state.recent.length > mostRecent) state.recent.shift();
  const excess = advance(state.chart, bets, atMs);
  if (!excess) return;
  const before = { ...state.sums, classes: { ...state.sums.classes } };
  const since = nothing();
  const changed = state.recent.slice(-excess.frames);
  for (const frame of changed) {
    add(since, frame);
    add(before, frame, -1);
  }
  state.alarm = { ...excess, before, since, frameIds: changed.slice(-mostShown).map((each) => each.id) };
  state.recent = [];
  state.chart = {};
}

/** Takes back what was won so far, and an alarm: to have won less makes no false alarm likelier. */
export function forgive(state: DriftState): void {
  state.chart = {};
  state.alarm = null;
}

function add(sums: Sums, seen: DriftState['recent'][number], sign: 1 | -1 = 1): void {
  sums.frames += sign;
  sums.classes[seen.classId] = (sums.classes[seen.classId] ?? 0) + sign;
  sums.confidence += sign * seen.confidence;
  if (seen.distance === null) return;
  sums.measured += sign;
  sums.distance += sign * Math.min(seen.distance, 1000);
  if (seen.distance > 1) sums.novel += sign;
}

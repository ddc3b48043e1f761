import { join } from 'node:path';
import type { Hold } from '@lineside/shared';
import Type, { type Static } from 'typebox';
import { DurableState } from '../durable-state.js';

const HoldSchema = Type.Object({
  v: Type.Literal(1),
  /** Wall clock when this was written, Unix milliseconds. */
  at: Type.Integer({ minimum: 0 }),
  held: Type.Union([
    Type.Object({
      since: Type.Integer({ minimum: 0 }),
      reason: Type.String(),
      /** What was left of it then. A clock that is set back makes it no longer. */
      remainingMs: Type.Number({ minimum: 0 }),
      /** Nobody said when it ends. */
      open: Type.Boolean(),
    }),
    Type.Null(),
  ]),
  /** When one was lifted because it had lasted as long as it may; null: people know. */
  liftedAt: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
});
export type HoldState = Static<typeof HoldSchema>;
export type HoldFile = DurableState<typeof HoldSchema>;

export const noHold: HoldState = { v: 1, at: 0, held: null, liftedAt: null };

/** `hold.json` in the state folder. */
export const holdFile = (stateDir: string): HoldFile =>
  new DurableState(join(stateDir, 'hold.json'), HoldSchema, noHold);

/** So long after a hold was lifted by itself people are told of it, unless somebody there has seen it. */
const liftedForMs = 24 * 3_600_000;

export const placed = (nowMs: number, lastsMs: number, reason: string, open: boolean): HoldState => ({
  v: 1,
  at: nowMs,
  held: { since: nowMs, reason, remainingMs: lastsMs, open },
  liftedAt: null,
});

export const released = (nowMs: number): HoldState => ({ ...noHold, at: nowMs });

/** So much later. A hold without an end that runs out was forgotten, and that is said. */
export function passed(state: HoldState, elapsedMs: number, nowMs: number): HoldState {
  const { held, liftedAt } = state;
  if (!held) return liftedAt !== null && nowMs - liftedAt >= liftedForMs ? released(nowMs) : state;
  const remainingMs = held.remainingMs - Math.max(0, elapsedMs);
  if (remainingMs > 0) return { ...state, at: nowMs, held: { ...held, remainingMs } };
  return { ...released(nowMs), liftedAt: held.open ? nowMs : null };
}

/** As the device reports it. */
export const reportOf = ({ at, held }: HoldState): Hold | null =>
  held && { since: held.since, until: Math.round(at + held.remainingMs), reason: held.reason };

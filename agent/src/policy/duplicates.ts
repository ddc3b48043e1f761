import type { FlagReason, FlagReasonKind, PolicyConfig } from '@lineside/shared';
import { hashDistance, type PictureHash } from './image/perceptual-hash.js';

/** What is compared of two flagged frames. */
export interface Flagging {
  readonly hash: PictureHash;
  /** null: nothing was decided */
  readonly classId: string | null;
  readonly reasons: readonly FlagReason[];
  /** Frames of different groups show different parts, however alike they look. */
  readonly group: string | undefined;
}

interface Remembered extends Flagging {
  readonly atMs: number;
}

/** Frames with one of these reasons are sent whatever they look like. */
const exempt: ReadonlySet<FlagReasonKind> = new Set(['audit', 'requested', 'record']);
const mostRemembered = 64;
/** Mean luma may differ by this much between two views of one thing. */
const lumaTolerance = 8;
/** Worth this much more, a frame is sent though one like it was. */
const worthTolerance = 0.1;

/**
 * Frames that look like one flagged a moment ago, one memory a camera. A frame is a duplicate of an earlier one when the
 * pictures are alike, the class is the same, and it has no reason that the earlier one had not, nor is worth more.
 */
export class Duplicates {
  readonly #sent = new Map<string, Remembered[]>();

  /** @param atMs when it was captured, by the monotonic clock */
  isDuplicate(
    cameraId: string,
    flagging: Flagging,
    atMs: number,
    policy: PolicyConfig['duplicates'],
  ): boolean {
    if (flagging.reasons.some(({ kind }) => exempt.has(kind))) return false;
    const recent = (this.#sent.get(cameraId) ?? []).filter((sent) => atMs - sent.atMs < policy.windowMs);
    this.#sent.set(cameraId, recent);
    return recent.some((sent) => covers(sent, flagging, policy.distance));
  }

  /** To be called for each frame that is kept. */
  remember(cameraId: string, flagging: Flagging, atMs: number): void {
    const sent = this.#sent.get(cameraId) ?? [];
    sent.push({ ...flagging, atMs });
    if (sent.length > mostRemembered) sent.shift();
    this.#sent.set(cameraId, sent);
  }
}

function covers(sent: Flagging, flagging: Flagging, distance: number): boolean {
  const { hash, classId, reasons, group } = flagging;
  return (
    sent.classId === classId &&
    (sent.group === undefined || group === undefined || sent.group === group) &&
    Math.abs(sent.hash.luma - hash.luma) <= lumaTolerance &&
    hashDistance(sent.hash, hash) <= distance &&
    reasons.every(({ kind }) => sent.reasons.some((earlier) => earlier.kind === kind)) &&
    worth(reasons) <= worth(sent.reasons) + worthTolerance
  );
}

/** The highest score: what a frame is worth to the one who labels it. */
export const worth = (reasons: readonly FlagReason[]): number =>
  reasons.reduce((highest, { score }) => Math.max(highest, score), 0);

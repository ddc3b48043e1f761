import type { FlagReason, FrameMessage, PolicyConfig } from '@lineside/shared';
import type { CapturedFrame } from '../capture/source.js';
import type { CameraCounts } from '../health/statistics.js';
import type { BudgetKeeper } from '../policy/budget/budget-keeper.js';
import type { Purse } from '../policy/budget/spending.js';
import { Duplicates, worth } from '../policy/duplicates.js';
import { type PictureHash, pictureHash } from '../policy/image/perceptual-hash.js';

export interface Candidate {
  readonly frame: CapturedFrame;
  readonly classId: string | null;
  readonly reasons: readonly FlagReason[];
  /** A camera's frames come in time; those of a folder are each there on purpose, and none stands for another. */
  readonly live: boolean;
}

/** A flagged frame that is to be sent, if its encoded picture can be paid for. */
export interface Selected {
  readonly reasons: FlagReason[];
  readonly purse: Purse;
}

/** Of the flagged frames, those that are sent: no duplicates, and no more than the budget allows. */
export class Selection {
  readonly #budget: Pick<BudgetKeeper, 'admits' | 'spend'>;
  readonly #duplicates = new Duplicates();

  constructor(budget: Pick<BudgetKeeper, 'admits' | 'spend'>) {
    this.#budget = budget;
  }

  /** Null: the frame is not sent, and counted as what it is. Encodes nothing. */
  select(candidate: Candidate, policy: PolicyConfig, counts: CameraCounts): Selected | null {
    const { frame, live, classId } = candidate;
    const compare = live && policy.duplicates.windowMs > 0;
    const hash = compare ? pictureHash(frame) : null;
    const chosen = this.#choose(candidate, hash, policy, counts);
    if (chosen && hash) {
      const flagging = { hash, classId, reasons: chosen.reasons, group: frame.group };
      this.#duplicates.remember(frame.cameraId, flagging, frame.capturedAtMonotonicMs);
    }
    return chosen;
  }

  /** Pays for the frame. @returns false when its picture is larger than what is left */
  async pay(
    selected: Selected,
    message: FrameMessage,
    policy: PolicyConfig,
    counts: CameraCounts,
  ): Promise<boolean> {
    const bytes = message.image.length + (message.embedding?.vector.length ?? 0);
    if (await this.#budget.spend(selected.purse, bytes, policy.budget)) return true;
    counts.overBudget += 1;
    return false;
  }

  #choose(
    { frame, classId, reasons }: Candidate,
    hash: PictureHash | null,
    { budget, duplicates }: PolicyConfig,
    counts: CameraCounts,
  ): Selected | null {
    // An audit sample that its purse cannot pay for is none: were it sent under that name because it is also hard, the
    // sample would hold more hard frames than the camera sees.
    const others = reasons.filter(({ kind }) => kind !== 'audit');
    if (others.length < reasons.length) {
      const audit = { purse: 'audit', worth: 0, requested: false } as const;
      if (this.#budget.admits(audit, budget)) return { purse: 'audit', reasons: [...reasons] };
    }
    if (others.length > 0 && hash) {
      const flagging = { hash, classId, reasons: others, group: frame.group };
      if (this.#duplicates.isDuplicate(frame.cameraId, flagging, frame.capturedAtMonotonicMs, duplicates)) {
        counts.duplicates += 1;
        return null;
      }
    }
    const requested = others.some(({ kind }) => kind === 'requested');
    const admitted =
      others.length > 0 && this.#budget.admits({ purse: 'other', worth: worth(others), requested }, budget);
    if (admitted) return { purse: 'other', reasons: others };
    counts.overBudget += 1;
    return null;
  }
}

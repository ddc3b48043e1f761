/** What one look says: that it is so, that it is not, or that it is too near the limit to say. */
export type Finding = 'present' | 'absent' | 'unclear';

export interface SymptomRule {
  /** Looks in a row that must find it before it counts. */
  readonly confirmedAfter: number;
  /** Looks in a row that must not before it is over. */
  readonly goneAfter: number;
  /** While it lasts it is told again so often. */
  readonly repeatMs: number;
}

/** One thing that can be wrong with a camera's picture, with hysteresis: a lamp that flickers at the limit is told once. */
export class Symptom {
  readonly #rule: SymptomRule;
  #streak = 0;
  #sinceMs: number | null = null;
  #toldMs = 0;

  constructor(rule: SymptomRule) {
    this.#rule = rule;
  }

  /** When it began, by the clock given to `look`; null: it is not there. */
  get sinceMs(): number | null {
    return this.#sinceMs;
  }

  /** @returns whether it is to be told now: when it begins, and at a slow rate while it lasts */
  look(finding: Finding, nowMs: number): boolean {
    const { confirmedAfter, goneAfter, repeatMs } = this.#rule;
    if (this.#sinceMs === null) {
      this.#streak = finding === 'present' ? this.#streak + 1 : 0;
      if (this.#streak < confirmedAfter) return false;
      this.#sinceMs = nowMs;
      this.#toldMs = nowMs;
      this.#streak = 0;
      return true;
    }
    this.#streak = finding === 'absent' ? this.#streak + 1 : 0;
    if (this.#streak >= goneAfter) {
      this.#sinceMs = null;
      this.#streak = 0;
      return false;
    }
    if (nowMs - this.#toldMs < repeatMs) return false;
    this.#toldMs = nowMs;
    return true;
  }
}

import type { FlagReason, PolicyConfig } from '@lineside/shared';
import type { Pixels } from '../../inference/model.js';
import { type Luma, meanOf, sampleLuma, shrinkLuma } from './luma.js';
import { entropyOf, sharpnessOf } from './measures.js';
import { RunningQuantiles } from './running-quantiles.js';
import { type Finding, Symptom } from './symptom.js';
import { View, type ViewVerdict } from './view.js';

export const imageSymptoms = [
  'image_dark',
  'image_bright',
  'image_covered',
  'image_blurry',
  'image_moved',
  'image_frozen',
] as const;
export type ImageSymptom = (typeof imageSymptoms)[number];

export interface ImageProblem {
  readonly kind: ImageSymptom;
  /** 0 to 1: how bad it is. */
  readonly score: number;
  readonly detail: string;
  /** Unix milliseconds */
  readonly since: number;
}

/** How a camera's picture does, for alarms, and for whoever aims and focuses it. */
export interface ImageHealth {
  /** Unix milliseconds of the last look. */
  readonly checkedAt: number;
  /** Mean luma, 0 to 255 */
  readonly luma: number;
  readonly entropyBits: number;
  /** Variance of the Laplacian at 256 pixels width */
  readonly sharpness: number;
  /** Under which the picture counts as blurry; null: not learnt yet. */
  readonly sharpnessLimit: number | null;
  /** Against the reference picture, as a share of its width; null: not learnt yet, or another scene. */
  readonly shift: number | null;
  readonly problems: readonly ImageProblem[];
}

/** What is wrong in single words: dark, blurry, …. That it is frozen is the camera's own alarm. */
export const problemWords = (health: ImageHealth | null): string[] =>
  (health?.problems ?? [])
    .filter(({ kind }) => kind !== 'image_frozen')
    .map(({ kind }) => kind.slice('image_'.length));

type Settings = PolicyConfig['imageHealth'];

interface Measured {
  readonly luma: number;
  readonly entropyBits: number;
  readonly sharpness: number;
  readonly sharpnessLimit: number | null;
  readonly view: ViewVerdict | null;
  readonly frozen: boolean;
}

interface Diagnosis {
  readonly finding: Finding;
  readonly score: number;
  readonly detail: string;
}

const sampleWidth = 256;
const taps = 2;
const viewWidth = 40;
const repeatMs = 30 * 60_000;
const rule = { confirmedAfter: 2, goneAfter: 3, repeatMs };
/** A camera that has looked elsewhere for a whole shift was aimed anew, or the product is another one. */
const acceptViewAfterMs = 8 * 3_600_000;

/** Looks at one camera's pictures now and then, and says what is wrong with them. */
export class CameraHealth {
  readonly #sharpness = new RunningQuantiles();
  #view = new View();
  readonly #symptoms: Record<ImageSymptom, Symptom> = {
    image_dark: new Symptom(rule),
    image_bright: new Symptom(rule),
    image_covered: new Symptom(rule),
    image_blurry: new Symptom(rule),
    // A part that stops in an unusual place for a moment is no moved camera.
    image_moved: new Symptom({ ...rule, confirmedAfter: 5 }),
    // The camera's own watch has waited already.
    image_frozen: new Symptom({ ...rule, confirmedAfter: 1, goneAfter: 1 }),
  };
  readonly #since = new Map<ImageSymptom, number>();
  #checkedMs = Number.NEGATIVE_INFINITY;
  #present: ImageHealth | null = null;

  /** Null before the first look. */
  get present(): ImageHealth | null {
    return this.#present;
  }

  isDue(nowMs: number, settings: Settings): boolean {
    return settings.enabled && nowMs - this.#checkedMs >= settings.checkEveryMs;
  }

  /**
   * Samples some 150,000 pixels: for a look now and then, not for each frame.
   * @param nowMs monotonic
   * @param wallMs for people
   * @returns reasons to send this frame
   */
  look(pixels: Pixels, frozen: boolean, nowMs: number, wallMs: number, settings: Settings): FlagReason[] {
    this.#checkedMs = nowMs;
    const measured = this.#measure(pixels, frozen, settings);
    const problems: ImageProblem[] = [];
    const reasons: FlagReason[] = [];
    for (const kind of imageSymptoms) {
      const { finding, score, detail } = diagnose[kind](measured, settings);
      const symptom = this.#symptoms[kind];
      const tell = symptom.look(finding, nowMs);
      if (tell) reasons.push({ kind, score, detail });
      if (symptom.sinceMs === null) this.#since.delete(kind);
      else {
        const since = this.#since.get(kind) ?? wallMs;
        this.#since.set(kind, since);
        problems.push({ kind, score, detail, since });
      }
    }
    const { luma, entropyBits, sharpness, sharpnessLimit, view } = measured;
    const movedMs = this.#symptoms.image_moved.sinceMs;
    // Without a verdict the new view is being learnt already.
    if (view && movedMs !== null && nowMs - movedMs >= acceptViewAfterMs) this.#view = new View();
    this.#present = {
      checkedAt: wallMs,
      luma,
      entropyBits,
      sharpness,
      sharpnessLimit,
      shift: view?.shift ?? null,
      problems,
    };
    return reasons;
  }

  #measure(pixels: Pixels, frozen: boolean, settings: Settings): Measured {
    const width = Math.min(sampleWidth, pixels.width);
    const height = Math.max(1, Math.round((width * pixels.height) / pixels.width));
    const sample = sampleLuma(pixels, width, height, taps);
    // Cells average the sensor's noise away, which else passes for information.
    const small = shrinkTo(sample, Math.min(width, 2 * viewWidth));
    const luma = meanOf(sample.values);
    const entropyBits = entropyOf(small);
    const sharpness = sharpnessOf(sample);
    const sharpnessLimit = settings.blurryBelow > 0 ? settings.blurryBelow : this.#learntLimit();
    const legible =
      luma >= settings.darkBelow && luma <= settings.brightAbove && entropyBits >= settings.coveredBelowBits;
    // What is learnt while something is wrong would make it the new usual.
    if (legible && !frozen && !(sharpnessLimit !== null && sharpness < clearlySharp * sharpnessLimit)) {
      this.#sharpness.add(Math.log(sharpness + 1));
    }
    const looks = legible && !frozen && settings.movedAbove < 1;
    const view = looks ? this.#view.judge(shrinkTo(small, Math.min(width, viewWidth))) : null;
    return { luma, entropyBits, sharpness, sharpnessLimit, view, frozen };
  }

  /** Half of what the dullest of twenty pictures has, or as far below it again as that is below the middle. */
  #learntLimit(): number | null {
    const usual = this.#sharpness.usual;
    if (!usual) return null;
    return Math.exp(usual.low - Math.max(Math.LN2, usual.median - usual.low)) - 1;
  }
}

const shrinkTo = (luma: Luma, columns: number): Luma =>
  shrinkLuma(luma, columns, Math.max(1, Math.round((columns * luma.height) / luma.width)));

/** Only above this multiple of the limit is a picture sharp again. */
const clearlySharp = 1.3;

const found = (bad: boolean, good: boolean): Finding => (bad ? 'present' : good ? 'absent' : 'unclear');
/** One half at the limit, one at the worst. */
const badness = (share: number): number => 0.5 + 0.5 * Math.min(1, Math.max(0, share));

const diagnose: Record<ImageSymptom, (measured: Measured, settings: Settings) => Diagnosis> = {
  image_dark: ({ luma }, { darkBelow }) => ({
    finding: found(luma < darkBelow, luma > 1.25 * darkBelow + 1),
    score: badness(1 - luma / darkBelow),
    detail: `mean luma ${luma.toFixed(0)} of 255, dark below ${darkBelow}`,
  }),
  image_bright: ({ luma }, { brightAbove }) => ({
    finding: found(luma > brightAbove, luma < brightAbove - 5),
    score: badness((luma - brightAbove) / Math.max(1, 255 - brightAbove)),
    detail: `mean luma ${luma.toFixed(0)} of 255, too bright above ${brightAbove}`,
  }),
  image_covered: ({ luma, entropyBits }, { coveredBelowBits, darkBelow, brightAbove }) => ({
    // A dark or glaring picture has no structure either, and says so already.
    finding: found(
      entropyBits < coveredBelowBits && luma >= darkBelow && luma <= brightAbove,
      entropyBits > coveredBelowBits + 0.25,
    ),
    score: badness(1 - entropyBits / coveredBelowBits),
    detail: `${entropyBits.toFixed(1)} bits of structure, covered below ${coveredBelowBits}`,
  }),
  image_blurry: ({ sharpness, sharpnessLimit, luma, entropyBits }, settings) => {
    const legible =
      luma >= settings.darkBelow && luma <= settings.brightAbove && entropyBits >= settings.coveredBelowBits;
    if (!legible || sharpnessLimit === null) return { finding: 'unclear', score: 0.5, detail: 'not known' };
    return {
      finding: found(sharpness < sharpnessLimit, sharpness > clearlySharp * sharpnessLimit),
      score: badness(1 - sharpness / sharpnessLimit),
      detail: `sharpness ${sharpness.toFixed(0)}, blurry below ${sharpnessLimit.toFixed(0)}`,
    };
  },
  image_moved: ({ view }, { movedAbove }) => {
    if (!view) return { finding: movedAbove < 1 ? 'unclear' : 'absent', score: 0.5, detail: 'not known' };
    const shift = view.shift ?? 1;
    return {
      finding: found(view.lost || shift > movedAbove, !view.lost && shift < 0.7 * movedAbove),
      score: badness(shift),
      detail: view.lost
        ? 'it shows another scene than the reference picture'
        : `by ${(100 * shift).toFixed(0)} % of the width, moved above ${(100 * movedAbove).toFixed(0)} %`,
    };
  },
  image_frozen: ({ frozen }) => ({
    finding: frozen ? 'present' : 'absent',
    score: 0.5,
    detail: 'every frame is the same',
  }),
};

import { seededRandom } from '../../policy/random.js';

/** What one camera station makes of every part: lamp, lens, sensor and the kind of surface it looks at. */
export interface Look {
  readonly surface: 'brushed' | 'cast' | 'turned';
  /** How strongly the surface shows. */
  readonly grain: number;
  /** Lamp place relative to the middle of the picture, in pixels at 320 × 240. */
  readonly lamp: { readonly x: number; readonly y: number; readonly z: number };
  readonly exposure: number;
  readonly ambient: number;
  readonly gloss: number;
  readonly metal: readonly [number, number, number];
  readonly belt: readonly [number, number, number];
  readonly vignette: number;
  readonly noise: number;
  /** 0: sharp; 1: three pixels wide. */
  readonly blur: number;
}

const surfaces = ['brushed', 'cast', 'turned'] as const;
const metals: readonly (readonly [number, number, number])[] = [
  [0.96, 0.98, 1.02],
  [1.0, 0.985, 0.955],
  [0.98, 1.0, 1.0],
  [1.03, 0.985, 0.92],
];
const belts: readonly (readonly [number, number, number])[] = [
  [0.085, 0.095, 0.105],
  [0.07, 0.1, 0.085],
  [0.1, 0.095, 0.09],
  [0.06, 0.075, 0.11],
];

/** The look of a camera; the same number looks the same for ever. */
export function lookOf(variant: number): Look {
  const random = seededRandom(variant * 2 + 7);
  const between = (low: number, high: number): number => low + (high - low) * random();
  const angle = (variant * 2.4 + 3.7) % (2 * Math.PI);
  const reach = between(120, 190);
  return {
    surface: surfaces[variant % surfaces.length] ?? 'brushed',
    grain: between(0.8, 1.2),
    lamp: { x: Math.cos(angle) * reach, y: Math.sin(angle) * reach, z: between(150, 210) },
    exposure: between(0.78, 0.92),
    ambient: between(0.2, 0.3),
    gloss: between(0.3, 0.55),
    metal: metals[variant % metals.length] ?? [1, 1, 1],
    belt: belts[variant % belts.length] ?? [0.09, 0.09, 0.09],
    vignette: between(0.25, 0.45),
    noise: between(0.012, 0.02),
    blur: between(0.35, 0.7),
  };
}

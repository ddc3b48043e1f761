/** What pixels in [-1, 1] are turned into before the net: p · scale + shift, by channel (RGB). */
interface Preparation {
  readonly scale: readonly number[];
  readonly shift: readonly number[];
}

const imageNet = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };

export const normalisations = ['imagenet', 'symmetric', 'unit'] as const;
/** Pixels that an architecture was trained on: ImageNet mean and deviation, [-1, 1], or [0, 1]. */
export type Normalisation = (typeof normalisations)[number];

export const preparations: Readonly<Record<Normalisation, Preparation>> = {
  imagenet: {
    scale: imageNet.deviation.map((deviation) => 0.5 / deviation),
    shift: imageNet.deviation.map((deviation, channel) => (0.5 - imageNet.mean[channel]!) / deviation),
  },
  symmetric: { scale: [1, 1, 1], shift: [0, 0, 0] },
  unit: { scale: [0.5, 0.5, 0.5], shift: [0.5, 0.5, 0.5] },
};

/** Pixels [3, size · size] in [-1, 1], prepared: what the net itself is given. */
export function prepared(pixels: Float32Array, normalisation: Normalisation): Float32Array {
  const { scale, shift } = preparations[normalisation];
  const area = pixels.length / 3;
  return pixels.map((value, at) => {
    const channel = Math.floor(at / area);
    return value * scale[channel]! + shift[channel]!;
  });
}

/** Linear warm-up over the first steps, then a half cosine down to zero; `step` counts from 0. */
export function learningRateAt(step: number, steps: number, warmup: number, peak: number): number {
  if (step < warmup) return (peak * (step + 1)) / warmup;
  return peak * 0.5 * (1 + Math.cos((Math.PI * (step - warmup)) / Math.max(1, steps - warmup)));
}

import { dot } from './dense.js';

export interface Minimum {
  readonly x: Float64Array;
  readonly value: number;
  readonly iterations: number;
}

interface Correction {
  readonly step: Float64Array;
  readonly change: Float64Array;
  readonly rho: number;
}

const memory = 8;

/**
 * Limited-memory BFGS with Armijo backtracking for a smooth convex function (Nocedal & Wright, algorithm 7.5).
 * `evaluate` writes the gradient and returns the value; `curvature` is an estimate of the Hessian's diagonal.
 */
export function minimise(
  evaluate: (x: Float64Array, gradient: Float64Array) => number,
  start: Float64Array,
  curvature: Float64Array,
  { maxIterations = 200, tolerance = 1e-6 } = {},
): Minimum {
  const n = start.length;
  let x = start.slice();
  let gradient = new Float64Array(n);
  let value = evaluate(x, gradient);
  const corrections: Correction[] = [];
  let iterations = 0;
  for (; iterations < maxIterations; iterations++) {
    const direction = descent(gradient, corrections, curvature);
    const slope = dot(direction, 0, gradient, 0, n);
    // −slope is twice the decrease a quadratic model promises.
    if (!(slope < -tolerance * (1 + Math.abs(value)))) break;
    const next = backtrack(evaluate, x, value, direction, slope);
    if (!next) break;
    const step = next.x.map((moved, j) => moved - x[j]!);
    const change = next.gradient.map((moved, j) => moved - gradient[j]!);
    const product = dot(step, 0, change, 0, n);
    if (product > 1e-14) {
      corrections.push({ step, change, rho: 1 / product });
      if (corrections.length > memory) corrections.shift();
    }
    ({ x, gradient, value } = next);
  }
  return { x, value, iterations };
}

function backtrack(
  evaluate: (x: Float64Array, gradient: Float64Array) => number,
  x: Float64Array,
  value: number,
  direction: Float64Array,
  slope: number,
): { x: Float64Array<ArrayBuffer>; gradient: Float64Array<ArrayBuffer>; value: number } | undefined {
  const moved = new Float64Array(x.length);
  const gradient = new Float64Array(x.length);
  for (let length = 1, tries = 0; tries < 30; length /= 2, tries++) {
    for (let j = 0; j < x.length; j++) moved[j] = x[j]! + length * direction[j]!;
    const movedValue = evaluate(moved, gradient);
    if (movedValue <= value + 1e-4 * length * slope) return { x: moved, gradient, value: movedValue };
  }
  return undefined;
}

function descent(
  gradient: Float64Array,
  corrections: readonly Correction[],
  curvature: Float64Array,
): Float64Array {
  const n = gradient.length;
  const q = gradient.slice();
  const alphas: number[] = [];
  for (const { step, change, rho } of corrections.toReversed()) {
    const alpha = rho * dot(step, 0, q, 0, n);
    alphas.push(alpha);
    for (let j = 0; j < n; j++) q[j]! -= alpha * change[j]!;
  }
  const scale = initialScale(corrections.at(-1), curvature);
  for (let j = 0; j < n; j++) q[j]! *= scale / curvature[j]!;
  for (const { step, change, rho } of corrections) {
    const factor = (alphas.pop() ?? 0) - rho * dot(change, 0, q, 0, n);
    for (let j = 0; j < n; j++) q[j]! += factor * step[j]!;
  }
  for (let j = 0; j < n; j++) q[j] = -q[j]!;
  return q;
}

function initialScale(last: Correction | undefined, curvature: Float64Array): number {
  if (!last) return 1;
  let weighted = 0;
  for (let j = 0; j < curvature.length; j++) weighted += (last.change[j]! * last.change[j]!) / curvature[j]!;
  return 1 / (last.rho * weighted);
}

/** The part is drawn in units of one pixel of a 320 × 240 picture, its centre at the origin. */
export const plate = { halfWidth: 102, halfHeight: 68, corner: 17, bevel: 3.2 } as const;
export const bore = { radius: 23, bossRadius: 35 } as const;
export const boltRadius = 8.5;
export const bolts: readonly { readonly x: number; readonly y: number }[] = [
  { x: -76, y: -43 },
  { x: 76, y: -43 },
  { x: 76, y: 43 },
  { x: -76, y: 43 },
];

/** Signed distance to the outline of the plate: negative inside. */
export function outlineDistance(u: number, v: number): number {
  const x = Math.abs(u) - (plate.halfWidth - plate.corner);
  const y = Math.abs(v) - (plate.halfHeight - plate.corner);
  const outsideX = Math.max(x, 0);
  const outsideY = Math.max(y, 0);
  return Math.sqrt(outsideX * outsideX + outsideY * outsideY) + Math.min(Math.max(x, y), 0) - plate.corner;
}

/** Signed distance to the nearest hole: negative inside a hole. `missing` is the index of a bolt hole or −1. */
export function holeDistance(u: number, v: number, missing: number): number {
  let nearest = Math.sqrt(u * u + v * v) - bore.radius;
  for (let i = 0; i < 4; i++) {
    const bolt = bolts[i];
    if (i === missing || bolt === undefined) continue;
    const du = u - bolt.x;
    const dv = v - bolt.y;
    const squared = du * du + dv * dv;
    if (squared > 900) continue;
    nearest = Math.min(nearest, Math.sqrt(squared) - boltRadius);
  }
  return nearest;
}

/** 0 below `from`, 1 above `to`, smooth between; `from` may be the larger one. */
export function smoothstep(from: number, to: number, value: number): number {
  const t = Math.min(1, Math.max(0, (value - from) / (to - from)));
  return t * t * (3 - 2 * t);
}

import type { Random } from '../../policy/random.js';
import { around, type Canvas } from './canvas.js';
import { boltRadius, bolts, bore, holeDistance, outlineDistance, plate, smoothstep } from './geometry.js';
import type { PartClass } from './line.js';
import { texel, texture } from './texture.js';

type Point = { readonly u: number; readonly v: number };

const between = (random: Random, low: number, high: number): number => low + (high - low) * random();

/** A point on the metal, at least `margin` away from every edge. */
function onMetal(random: Random, margin: number, missing: number): Point {
  for (let attempt = 0; attempt < 200; attempt++) {
    const u = between(random, -plate.halfWidth, plate.halfWidth);
    const v = between(random, -plate.halfHeight, plate.halfHeight);
    if (outlineDistance(u, v) < -margin && holeDistance(u, v, missing) > margin) return { u, v };
  }
  return { u: 50, v: 0 };
}

/** Paints a stroke along a path; `width(t)` is its half width at the share t of the way. */
function stroke(
  canvas: Canvas,
  path: readonly Point[],
  width: (t: number) => number,
  paint: (index: number, strength: number) => void,
): void {
  const strongest = new Map<number, number>();
  for (let i = 0; i + 1 < path.length; i++) {
    const a = path[i];
    const b = path[i + 1];
    if (!a || !b) continue;
    const du = b.u - a.u;
    const dv = b.v - a.v;
    const length = Math.hypot(du, dv) || 1e-6;
    const half = width(i / (path.length - 1));
    around(canvas, (a.u + b.u) / 2, (a.v + b.v) / 2, length / 2 + half * 3, (index, u, v) => {
      const along = Math.min(1, Math.max(0, ((u - a.u) * du + (v - a.v) * dv) / (length * length)));
      const distance = Math.hypot(u - a.u - along * du, v - a.v - along * dv) / half;
      if (distance > 3) return;
      const strength = Math.exp(-distance * distance);
      if (strength > (strongest.get(index) ?? 0.02)) strongest.set(index, strength);
    });
  }
  for (const [index, strength] of strongest) paint(index, strength);
}

function scratch(canvas: Canvas, random: Random, contrast: number): void {
  const start = onMetal(random, 8, -1);
  const direction = between(random, 0, 2 * Math.PI);
  const strokes = 1 + Math.floor(random() * 3.6);
  const bright = random() < 0.65;
  for (let n = 0; n < strokes; n++) {
    let angle = direction + between(random, -0.12, 0.12);
    const bend = between(random, -0.03, 0.03);
    const length = between(random, 28, 120);
    const steps = 14;
    const path: Point[] = [
      { u: start.u + between(random, -7, 7) * n, v: start.v + between(random, -7, 7) * n },
    ];
    for (let i = 0; i < steps; i++) {
      const last = path[path.length - 1] ?? start;
      path.push({
        u: last.u + (Math.cos(angle) * length) / steps,
        v: last.v + (Math.sin(angle) * length) / steps,
      });
      angle += bend;
    }
    const half = between(random, 0.5, 1.3);
    const pressure = between(random, 0.6, 1);
    stroke(
      canvas,
      path,
      (t) => half * (0.5 + Math.sin(Math.PI * Math.min(1, t + 0.08)) * 0.6),
      (index, strength) => {
        canvas.relief[index]! -= 0.5 * contrast * pressure * strength;
        canvas.albedo[index]! *= 1 + (bright ? 0.6 : -0.5) * contrast * pressure * strength;
      },
    );
  }
}

function dent(canvas: Canvas, random: Random, contrast: number): void {
  const radius = between(random, 7, 23);
  const { u: u0, v: v0 } = onMetal(random, radius * 0.8, -1);
  const stretch = between(random, 0.65, 1);
  const turn = between(random, 0, Math.PI);
  const cos = Math.cos(turn);
  const sin = Math.sin(turn);
  const depth = radius * 0.38 * contrast;
  around(canvas, u0, v0, radius * 2, (index, u, v) => {
    const du = ((u - u0) * cos + (v - v0) * sin) / radius;
    const dv = ((v - v0) * cos - (u - u0) * sin) / (radius * stretch);
    const squared = du * du + dv * dv;
    // A bowl, and the metal that was pushed up around it.
    canvas.relief[index]! -= depth * (Math.exp(-squared * 2) - 0.22 * Math.exp(-((squared - 1.3) ** 2) * 3));
    canvas.albedo[index]! *= 1 - 0.1 * contrast * Math.exp(-squared * 3);
  });
}

const stainColours: readonly (readonly [number, number, number])[] = [
  [0.72, 0.5, 0.34],
  [0.5, 0.47, 0.42],
  [0.62, 0.66, 0.7],
  [0.66, 0.55, 0.3],
];

function stain(canvas: Canvas, random: Random, contrast: number): void {
  const clouds = texture('clouds');
  const radius = between(random, 10, 40);
  const { u: u0, v: v0 } = onMetal(random, 6, -1);
  const offsetX = Math.floor(random() * 512);
  const offsetY = Math.floor(random() * 512);
  const ring = random() < 0.35;
  canvas.stainColour = stainColours[Math.floor(random() * stainColours.length)] ?? [0.6, 0.5, 0.4];
  around(canvas, u0, v0, radius * 1.8, (index, u, v) => {
    const away = Math.hypot(u - u0, v - v0) / radius;
    const cloud = texel(clouds, offsetX + Math.round((u - u0) * 2), offsetY + Math.round((v - v0) * 2));
    const inside = 1 - away + 0.28 * cloud;
    const body = smoothstep(0, 0.4, inside);
    // A dried drop is darkest at its rim.
    const rim = ring ? smoothstep(0, 0.1, inside) * smoothstep(0.35, 0.1, inside) : 0;
    canvas.stain[index] = Math.min(
      1,
      contrast * 1.1 * (ring ? 0.45 * body + 0.7 * rim : body * (0.8 + 0.15 * cloud)),
    );
  });
}

function crack(canvas: Canvas, random: Random, contrast: number): void {
  const paths: { path: Point[]; half: number }[] = [];
  const grow = (from: Point, heading: number, steps: number, half: number, branches: number): void => {
    let angle = heading;
    const path: Point[] = [from];
    for (let i = 0; i < steps; i++) {
      const last = path[path.length - 1] ?? from;
      const stride = between(random, 2, 5);
      const next = { u: last.u + Math.cos(angle) * stride, v: last.v + Math.sin(angle) * stride };
      path.push(next);
      angle = heading + between(random, -0.85, 0.85);
      if (branches > 0 && i > 2 && random() < 0.14) {
        grow(
          next,
          heading + between(random, 0.5, 1) * (random() < 0.5 ? -1 : 1),
          Math.ceil(steps / 2.5),
          half * 0.7,
          branches - 1,
        );
      }
    }
    paths.push({ path, half });
  };
  const { from, heading } = crackStart(random);
  grow(from, heading, 8 + Math.floor(random() * 16), between(random, 0.6, 1.3), 3);
  for (const { path, half } of paths) {
    stroke(
      canvas,
      path,
      (t) => half * (1 - 0.7 * t),
      (index, strength) => {
        canvas.relief[index]! -= 0.6 * contrast * strength;
        canvas.albedo[index]! *= 1 - Math.min(0.92, 0.85 * contrast) * strength;
      },
    );
  }
}

/** Cracks start where stress gathers: at the edge of a hole or at the outline. */
function crackStart(random: Random): { from: Point; heading: number } {
  const angle = between(random, 0, 2 * Math.PI);
  const place = random();
  if (place < 0.35) {
    return { from: { u: Math.cos(angle) * bore.radius, v: Math.sin(angle) * bore.radius }, heading: angle };
  }
  if (place < 0.75) {
    const bolt = bolts[Math.floor(random() * bolts.length)] ?? { x: 0, y: 0 };
    const inward = Math.atan2(-bolt.y, -bolt.x) + between(random, -1, 1);
    return {
      from: { u: bolt.x + Math.cos(inward) * boltRadius, v: bolt.y + Math.sin(inward) * boltRadius },
      heading: inward,
    };
  }
  const side = random() < 0.5 ? -1 : 1;
  return {
    from: { u: between(random, -60, 60), v: side * plate.halfHeight },
    heading: (-side * Math.PI) / 2 + between(random, -0.6, 0.6),
  };
}

/** Where the punch did not go through, it often left a mark. */
function unpunched(canvas: Canvas, random: Random, contrast: number, missing: number): void {
  const bolt = bolts[missing];
  if (!bolt || random() < 0.4) return;
  const depth = between(random, 0.2, 0.9) * (1.3 - contrast * 0.5);
  around(canvas, bolt.x, bolt.y, boltRadius + 3, (index, u, v) => {
    const away = Math.hypot(u - bolt.x, v - bolt.y);
    canvas.relief[index]! -= depth * smoothstep(boltRadius + 0.8, boltRadius - 0.8, away);
    canvas.albedo[index]! *= 1 - 0.12 * depth * smoothstep(boltRadius + 1, boltRadius - 1, away);
  });
}

/**
 * Works one defect into the surface.
 * @param contrast about 1: plain to see; about 0.25: hard to see
 * @param missing index of the bolt hole that was not punched, −1 for none
 */
export function applyDefect(
  canvas: Canvas,
  kind: PartClass,
  random: Random,
  contrast: number,
  missing: number,
): void {
  if (kind === 'scratch') scratch(canvas, random, contrast);
  else if (kind === 'dent') dent(canvas, random, contrast);
  else if (kind === 'stain') stain(canvas, random, contrast);
  else if (kind === 'crack') crack(canvas, random, contrast);
  else if (kind === 'missing_hole') unpunched(canvas, random, contrast, missing);
}

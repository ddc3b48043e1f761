import { type Random, seededRandom } from '../../policy/random.js';

/** Side of a texture tile; a power of two, so that wrapping is a bit mask. */
export const tileSize = 512;
const mask = tileSize - 1;

/** Values of about unit variance that wrap at the edges. */
export type Tile = Float32Array;

/** One value of a tile, at any place. */
export const texel = (tile: Tile, x: number, y: number): number => tile[((y & mask) << 9) | (x & mask)] ?? 0;

/** Between two rows: streaks run along x, so a turned surface would show steps without it. */
export function texelBetween(tile: Tile, x: number, y: number): number {
  const row = Math.floor(y);
  const share = y - row;
  const column = Math.round(x);
  return texel(tile, column, row) * (1 - share) + texel(tile, column, row + 1) * share;
}

function gaussian(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function white(random: Random): Tile {
  return Float32Array.from({ length: tileSize * tileSize }, () => gaussian(random));
}

/** Running mean over 2·radius + 1 texels, wrapping, along x (step 1) or y (step `tileSize`). */
function blurred(tile: Tile, radius: number, axis: 'x' | 'y'): Tile {
  const out = new Float32Array(tile.length);
  const at = (line: number, i: number): number =>
    axis === 'x' ? (line << 9) | (i & mask) : ((i & mask) << 9) | line;
  for (let line = 0; line < tileSize; line++) {
    let sum = 0;
    for (let i = -radius; i <= radius; i++) sum += tile[at(line, i)] ?? 0;
    for (let i = 0; i < tileSize; i++) {
      out[at(line, i)] = sum / (2 * radius + 1);
      sum += (tile[at(line, i + radius + 1)] ?? 0) - (tile[at(line, i - radius)] ?? 0);
    }
  }
  return out;
}

function normalised(tile: Tile): Tile {
  let sum = 0;
  let squares = 0;
  for (const value of tile) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / tile.length;
  const deviation = Math.sqrt(Math.max(1e-12, squares / tile.length - mean * mean));
  return tile.map((value) => (value - mean) / deviation);
}

const soft = (tile: Tile, radius: number): Tile =>
  blurred(blurred(blurred(blurred(tile, radius, 'x'), radius, 'y'), radius, 'x'), radius, 'y');

function mixed(parts: readonly (readonly [number, Tile])[]): Tile {
  const out = new Float32Array(tileSize * tileSize);
  for (const [weight, tile] of parts) for (let i = 0; i < out.length; i++) out[i]! += weight * (tile[i] ?? 0);
  return normalised(out);
}

/** Streaks along x, as a brush or a grinding belt leaves them. */
const brushed = (random: Random): Tile =>
  mixed([
    [1, normalised(blurred(blurred(white(random), 60, 'x'), 25, 'x'))],
    [0.6, normalised(blurred(white(random), 9, 'x'))],
    [0.5, normalised(blurred(blurred(white(random), 120, 'x'), 3, 'y'))],
  ]);

/** Blotches and grain, as sand casting leaves them. */
const cast = (random: Random): Tile =>
  mixed([
    [1, normalised(soft(white(random), 2))],
    [0.8, normalised(soft(white(random), 6))],
    [0.6, normalised(soft(white(random), 20))],
  ]);

/** Soft clouds for stains and uneven light. */
const clouds = (random: Random): Tile =>
  mixed([
    [1, normalised(soft(white(random), 14))],
    [0.5, normalised(soft(white(random), 5))],
    [0.2, normalised(soft(white(random), 2))],
  ]);

const makers = { white: (random: Random) => normalised(white(random)), brushed, cast, clouds };
const made = new Map<keyof typeof makers, Tile>();

/** A tile is made once in a process; pictures take it at offsets of their own. */
export function texture(kind: keyof typeof makers): Tile {
  const known = made.get(kind);
  if (known) return known;
  const tile = makers[kind](seededRandom(Object.keys(makers).indexOf(kind) + 101));
  made.set(kind, tile);
  return tile;
}

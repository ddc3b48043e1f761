import { seededRandom } from '../../policy/random.js';
import { type Canvas, createCanvas, type Pose } from './canvas.js';
import { applyDefect } from './defects.js';
import { bore, holeDistance, outlineDistance, plate, smoothstep } from './geometry.js';
import type { PartClass } from './line.js';
import { type Look, lookOf } from './look.js';
import { expose } from './sensor.js';
import { shade } from './shade.js';
import { texelBetween, texture } from './texture.js';

export { type PartClass, partClasses } from './line.js';

export interface RenderOptions {
  /** Which part: its pose, its texture, and where and how large the defect is. */
  readonly seed: number;
  /** Which camera station looks at it. */
  readonly variant?: number;
  readonly defect: PartClass;
  /** 0: defects plain to see; 1: hard to see. */
  readonly difficulty?: number;
  /** pixels */
  readonly width?: number;
  /** pixels */
  readonly height?: number;
}

export interface RenderedPart {
  readonly width: number;
  readonly height: number;
  /** uint8 [height, width, 3] */
  readonly rgb: Buffer;
  readonly classId: PartClass;
}

/** Draws a stamped metal plate under a camera, with or without a defect. The same options draw the same pixels. */
export function renderPart(options: RenderOptions): RenderedPart {
  const { seed, defect, variant = 0, difficulty = 0.5, width = 320, height = 240 } = options;
  const part = seededRandom(seed * 4 + 1);
  const view = seededRandom(seed * 64 + variant * 4 + 2);
  const look = lookOf(variant);

  const unit = Math.min(width / 320, height / 240);
  const angle = (view() - 0.5) * 0.16;
  const pose: Pose = {
    scale: unit * (1.27 + 0.06 * view()),
    centreX: width / 2 + (view() - 0.5) * 16 * unit,
    centreY: height / 2 + (view() - 0.5) * 12 * unit,
    cos: Math.cos(angle),
    sin: Math.sin(angle),
  };
  // Drawn for every part, so that a good one differs from its defective twin by the defect alone.
  const hole = Math.floor(part() * 4);
  const missing = defect === 'missing_hole' ? hole : -1;
  const contrast = (1.7 - 1.35 * difficulty) * (0.65 + 0.7 * part());

  const canvas = createCanvas(width, height, pose);
  formPlate(canvas, look, part() * 512, part() * 512, missing);
  engrave(canvas, Math.floor(part() * 2 ** 16));
  applyDefect(canvas, defect, part, contrast, missing);
  const light = shade(canvas, look, view, missing);
  return { width, height, rgb: expose(light, width, height, look, view), classId: defect };
}

function formPlate(canvas: Canvas, look: Look, offsetX: number, offsetY: number, missing: number): void {
  const { width, height, pose, cover, relief, albedo } = canvas;
  const tile = texture(look.surface === 'cast' ? 'cast' : 'brushed');
  const grain = look.grain * (look.surface === 'cast' ? 0.1 : 0.085);
  const roughness = look.surface === 'cast' ? 0.11 : 0.045;
  for (let y = 0; y < height; y++) {
    const dy = (y - pose.centreY) / pose.scale;
    for (let x = 0; x < width; x++) {
      const dx = (x - pose.centreX) / pose.scale;
      const u = dx * pose.cos + dy * pose.sin;
      const v = dy * pose.cos - dx * pose.sin;
      const inside = Math.max(outlineDistance(u, v), -holeDistance(u, v, missing));
      if (inside > 1) continue;
      const i = y * width + x;
      cover[i] = Math.min(1, Math.max(0, 0.5 - inside * pose.scale));
      const edge = Math.min(1, Math.max(0, -inside / plate.bevel));
      const radius = Math.sqrt(u * u + v * v);
      const structure =
        look.surface === 'turned'
          ? // The absolute angle: the two halves of a ring meet without a seam.
            texelBetween(tile, offsetX + Math.abs(Math.atan2(v, u)) * 20, offsetY + radius * 2)
          : texelBetween(tile, u * 2 + offsetX, v * 2 + offsetY);
      relief[i] =
        plate.bevel * 0.8 * (1 - (1 - edge) * (1 - edge)) +
        1.6 * smoothstep(bore.bossRadius + 2, bore.bossRadius - 2, radius) +
        roughness * structure;
      albedo[i] = 1 + grain * structure;
    }
  }
}

/** A dot code that differs from part to part, so that being different is not yet being defective. */
function engrave(canvas: Canvas, code: number): void {
  const { width, height, pose } = canvas;
  for (let bit = 0; bit < 16; bit++) {
    if (((code >> bit) & 1) === 0) continue;
    const u = -14 + (bit % 8) * 4;
    const v = 48 + Math.floor(bit / 8) * 4;
    const x = Math.round(pose.centreX + (u * pose.cos - v * pose.sin) * pose.scale);
    const y = Math.round(pose.centreY + (u * pose.sin + v * pose.cos) * pose.scale);
    const half = Math.max(0, Math.round(0.6 * pose.scale));
    for (let py = Math.max(0, y - half); py <= Math.min(height - 1, y + half); py++) {
      for (let px = Math.max(0, x - half); px <= Math.min(width - 1, x + half); px++) {
        const i = py * width + px;
        canvas.albedo[i]! *= px === x && py === y ? 0.6 : 0.82;
      }
    }
  }
}

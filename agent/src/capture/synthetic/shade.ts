import type { Random } from '../../policy/random.js';
import type { Canvas } from './canvas.js';
import { holeDistance, outlineDistance, smoothstep } from './geometry.js';
import type { Look } from './look.js';
import { texel, texture } from './texture.js';

/** Light as three planes of linear intensity, 1 being white. */
export interface Light {
  readonly red: Float32Array;
  readonly green: Float32Array;
  readonly blue: Float32Array;
}

/** Lets the lamp of a station fall on the part and on the belt it lies on. */
export function shade(canvas: Canvas, look: Look, random: Random, missing: number): Light {
  const { width, height, pose, cover, relief, albedo, stain, stainColour } = canvas;
  const light: Light = {
    red: new Float32Array(width * height),
    green: new Float32Array(width * height),
    blue: new Float32Array(width * height),
  };
  const unit = pose.scale;
  const flicker = look.exposure * (1 + 0.05 * (random() - 0.5));
  const lampX = width / 2 + (look.lamp.x + 14 * (random() - 0.5)) * unit;
  const lampY = height / 2 + (look.lamp.y + 14 * (random() - 0.5)) * unit;
  const lampZ = look.lamp.z * unit;
  const lampZ2 = lampZ * lampZ;
  const weave = texture('cast');
  const clouds = texture('clouds');
  const weaveX = Math.floor(random() * 512);
  const weaveY = Math.floor(random() * 512);
  const shadowU = (-look.lamp.x / look.lamp.z) * 5;
  const shadowV = (-look.lamp.y / look.lamp.z) * 5;
  const [stainR, stainG, stainB] = stainColour;
  const [metalR, metalG, metalB] = look.metal;
  const [beltR, beltG, beltB] = look.belt;
  const corner = width * width + height * height;

  for (let y = 0; y < height; y++) {
    const up = y > 0 ? -width : 0;
    const down = y < height - 1 ? width : 0;
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const toLampX = lampX - x;
      const toLampY = lampY - y;
      const squared = toLampX * toLampX + toLampY * toLampY + lampZ2;
      const inverse = 1 / Math.sqrt(squared);
      const fromMiddleX = x - width / 2;
      const fromMiddleY = y - height / 2;
      const away = (4 * (fromMiddleX * fromMiddleX + fromMiddleY * fromMiddleY)) / corner;
      const unevenness = 1 + 0.02 * texel(clouds, weaveX + (x >> 1), weaveY + (y >> 1));
      const lens = flicker * unevenness * (1 - look.vignette * away);
      const part = cover[i] ?? 0;

      let red = 0;
      let green = 0;
      let blue = 0;
      if (part > 0) {
        const left = x > 0 ? -1 : 0;
        const right = x < width - 1 ? 1 : 0;
        const slopeX = (((relief[i + right] ?? 0) - (relief[i + left] ?? 0)) * unit) / 2;
        const slopeY = (((relief[i + down] ?? 0) - (relief[i + up] ?? 0)) * unit) / 2;
        const length = 1 / Math.sqrt(1 + slopeX * slopeX + slopeY * slopeY);
        const facing = Math.max(0, (-slopeX * toLampX - slopeY * toLampY + lampZ) * inverse * length);
        // Half way between lamp and camera, the camera being straight above.
        const halfZ = lampZ * inverse + 1;
        const halfX = toLampX * inverse;
        const halfY = toLampY * inverse;
        const halfLength = 1 / Math.sqrt(halfX * halfX + halfY * halfY + halfZ * halfZ);
        const mirror = Math.max(0, (-slopeX * halfX - slopeY * halfY + halfZ) * halfLength * length);
        const mirror4 = mirror * mirror * mirror * mirror;
        const gleam = mirror4 * mirror4 * mirror4;
        const falloff = (lampZ2 * 1.6) / squared;
        const strength =
          (albedo[i] ?? 1) * (look.ambient + (0.42 * facing + look.gloss * gleam) * falloff) * lens;
        const spot = stain[i] ?? 0;
        red = part * strength * metalR * (1 - spot * (1 - stainR));
        green = part * strength * metalG * (1 - spot * (1 - stainG));
        blue = part * strength * metalB * (1 - spot * (1 - stainB));
      }
      if (part < 1) {
        const dx = (x - pose.centreX) / unit;
        const dy = (y - pose.centreY) / unit;
        const u = dx * pose.cos + dy * pose.sin;
        const v = dy * pose.cos - dx * pose.sin;
        const tu = shadowU * pose.cos + shadowV * pose.sin;
        const tv = shadowV * pose.cos - shadowU * pose.sin;
        const covered = outlineDistance(u - tu, v - tv);
        const through = holeDistance(u - tu, v - tv, missing);
        const inHole = outlineDistance(u, v) < 0;
        const shadow = smoothstep(-4, 6, inHole ? Math.max(covered, -through - 2) : covered);
        const cloth =
          1 + 0.16 * texel(weave, weaveX + x * 2, weaveY + y * 2) + (((x + y) & 3) < 2 ? 0.05 : -0.05);
        const belt = (1 - part) * cloth * lens * (0.25 + 0.95 * shadow) * ((lampZ2 * 1.6) / squared + 0.2);
        red += belt * beltR;
        green += belt * beltG;
        blue += belt * beltB;
      }
      light.red[i] = red;
      light.green[i] = green;
      light.blue[i] = blue;
    }
  }
  return light;
}

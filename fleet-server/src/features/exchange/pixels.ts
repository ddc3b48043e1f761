import type { NamedBox, ReadBox } from './formats/format.js';

/** A ten-thousandth of a pixel: what formats in shares of the picture can carry there and back. */
const perPixel = 10_000;
const round = (value: number) => Math.round(value * perPixel) / perPixel;

/** The box in pixels of a picture, as it is stored. */
export function toPixels(
  { className, unit, ...box }: ReadBox,
  picture: { width: number; height: number },
): NamedBox {
  const [across, down] = unit === 'share' ? [picture.width, picture.height] : [1, 1];
  return {
    className,
    x: round(box.x * across),
    y: round(box.y * down),
    width: round(box.width * across),
    height: round(box.height * down),
  };
}

/** Whether any of it lies on the picture. */
export const touches = (box: NamedBox, picture: { width: number; height: number }): boolean =>
  box.width > 0 &&
  box.height > 0 &&
  box.x < picture.width &&
  box.y < picture.height &&
  box.x + box.width > 0 &&
  box.y + box.height > 0;

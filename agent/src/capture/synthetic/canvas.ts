/** Where the part lies in the picture: part coordinates of pixel (x, y) are an affine map. */
export interface Pose {
  /** Pixels per unit of the part. */
  readonly scale: number;
  readonly centreX: number;
  readonly centreY: number;
  readonly cos: number;
  readonly sin: number;
}

/** The surface of one part as maps of one value a pixel, before any light falls on it. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly pose: Pose;
  /** How much of a pixel the part covers, 0 to 1. */
  readonly cover: Float32Array;
  /** Height of the surface above the plate's underside, in units of the part. */
  readonly relief: Float32Array;
  /** Reflectance, 1 is clean metal. */
  readonly albedo: Float32Array;
  /** How much of the stain's colour a pixel takes, 0 to 1. */
  readonly stain: Float32Array;
  stainColour: readonly [number, number, number];
}

export function createCanvas(width: number, height: number, pose: Pose): Canvas {
  const map = (): Float32Array => new Float32Array(width * height);
  return {
    width,
    height,
    pose,
    cover: map(),
    relief: map(),
    albedo: map(),
    stain: map(),
    stainColour: [1, 1, 1],
  };
}

/** Calls `paint` for every pixel within `radius` (units of the part) of the point (u, v). */
export function around(
  canvas: Canvas,
  u: number,
  v: number,
  radius: number,
  paint: (index: number, u: number, v: number) => void,
): void {
  const { width, height, pose } = canvas;
  const { scale, cos, sin } = pose;
  const x = pose.centreX + (u * cos - v * sin) * scale;
  const y = pose.centreY + (u * sin + v * cos) * scale;
  const reach = radius * scale + 1;
  const fromX = Math.max(0, Math.floor(x - reach));
  const toX = Math.min(width - 1, Math.ceil(x + reach));
  const fromY = Math.max(0, Math.floor(y - reach));
  const toY = Math.min(height - 1, Math.ceil(y + reach));
  for (let py = fromY; py <= toY; py++) {
    for (let px = fromX; px <= toX; px++) {
      const dx = (px - pose.centreX) / scale;
      const dy = (py - pose.centreY) / scale;
      paint(py * width + px, dx * cos + dy * sin, dy * cos - dx * sin);
    }
  }
}

/** Pixels of the picture, from its top left corner. */
export interface Point {
  x: number;
  y: number;
}
export interface Size {
  width: number;
  height: number;
}
export interface Rect extends Point, Size {}

/** By the sides it moves: `nw` is the top left corner, `e` the middle of the right side. */
export const handles = ['nw', 'n', 'ne', 'e', 'se', 's', 'sw', 'w'] as const;
export type Handle = (typeof handles)[number];

const clamp = (value: number, least: number, most: number): number =>
  Math.min(Math.max(value, least), Math.max(least, most));

/** Whole pixels within the picture, at least one each way. */
export function within(rect: Rect, picture: Size): Rect {
  const left = clamp(Math.round(rect.x), 0, picture.width - 1);
  const top = clamp(Math.round(rect.y), 0, picture.height - 1);
  const right = clamp(Math.round(rect.x + rect.width), left + 1, picture.width);
  const bottom = clamp(Math.round(rect.y + rect.height), top + 1, picture.height);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** The rectangle that two opposite corners span. */
export const spanned = (a: Point, b: Point): Rect => ({
  x: Math.min(a.x, b.x),
  y: Math.min(a.y, b.y),
  width: Math.abs(a.x - b.x),
  height: Math.abs(a.y - b.y),
});

/** Moved as far as the picture goes; its size stays. */
export const moved = (rect: Rect, dx: number, dy: number, picture: Size): Rect => ({
  ...rect,
  x: clamp(Math.round(rect.x + dx), 0, Math.max(0, picture.width - rect.width)),
  y: clamp(Math.round(rect.y + dy), 0, Math.max(0, picture.height - rect.height)),
});

/** Its right and bottom sides moved; it stays at least a pixel wide and high. */
export const stretched = (rect: Rect, dx: number, dy: number, picture: Size): Rect => ({
  ...rect,
  width: clamp(Math.round(rect.width + dx), 1, picture.width - rect.x),
  height: clamp(Math.round(rect.height + dy), 1, picture.height - rect.y),
});

/** The sides of the handle moved to a point; drawn across the opposite side, the rectangle turns over. */
export function pulled(rect: Rect, handle: Handle, to: Point, picture: Size): Rect {
  const [left, top, right, bottom] = [rect.x, rect.y, rect.x + rect.width, rect.y + rect.height];
  const a = { x: handle.includes('w') ? to.x : left, y: handle.includes('n') ? to.y : top };
  const b = { x: handle.includes('e') ? to.x : right, y: handle.includes('s') ? to.y : bottom };
  return within(spanned(a, b), picture);
}

export function handleAt(rect: Rect, handle: Handle): Point {
  const along = (low: string, high: string, start: number, length: number) =>
    handle.includes(low) ? start : handle.includes(high) ? start + length : start + length / 2;
  return { x: along('w', 'e', rect.x, rect.width), y: along('n', 's', rect.y, rect.height) };
}

/**
 * The handle that a point means, the closest one. Inside of a small box handles give way, so that it can still be moved.
 * @param reach half the side of a handle's square
 */
export function hitHandle(rect: Rect, at: Point, reach: number): Handle | null {
  const inside = contains(rect, at);
  const reachX = inside ? Math.min(reach, rect.width / 4) : reach;
  const reachY = inside ? Math.min(reach, rect.height / 4) : reach;
  let found: { handle: Handle; far: number } | null = null;
  for (const handle of handles) {
    const place = handleAt(rect, handle);
    const [dx, dy] = [Math.abs(at.x - place.x), Math.abs(at.y - place.y)];
    if (dx > reachX || dy > reachY) continue;
    const far = Math.hypot(dx, dy);
    if (!found || far < found.far) found = { handle, far };
  }
  return found?.handle ?? null;
}

export const contains = (rect: Rect, { x, y }: Point): boolean =>
  x >= rect.x && x <= rect.x + rect.width && y >= rect.y && y <= rect.y + rect.height;

/** Where a picture lies on a stage that shows all of it, zoomed about its middle and then moved. */
export interface Placement {
  /** Of the stage for one of the picture. */
  scale: number;
  left: number;
  top: number;
}

export function placement(
  stage: Size,
  picture: Size,
  view: { scale: number; x: number; y: number },
): Placement {
  const fit = Math.min(stage.width / picture.width, stage.height / picture.height);
  const scale = fit * view.scale;
  return {
    scale,
    left: stage.width / 2 + view.x - (picture.width * scale) / 2,
    top: stage.height / 2 + view.y - (picture.height * scale) / 2,
  };
}

export const toPicture = ({ scale, left, top }: Placement, x: number, y: number): Point => ({
  x: (x - left) / scale,
  y: (y - top) / scale,
});

export const toStage = ({ scale, left, top }: Placement, rect: Rect): Rect => ({
  x: left + rect.x * scale,
  y: top + rect.y * scale,
  width: rect.width * scale,
  height: rect.height * scale,
});

/** Help for whoever stands at the camera with a screwdriver: how sharp, how bright, how straight. */

const luma = (data, i) => (data[i] * 77 + data[i + 1] * 150 + data[i + 2] * 29) >> 8;

/** Pixels of a picture, scaled to at most `width`. */
function pixelsOf(bitmap, width = bitmap.width) {
  const scale = Math.min(1, width / bitmap.width);
  const canvas = new OffscreenCanvas(
    Math.max(3, Math.round(bitmap.width * scale)),
    Math.max(3, Math.round(bitmap.height * scale)),
  );
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** Variance of the Laplacian of luma: high where edges are steep. */
export function sharpness(bitmap) {
  const { data, width, height } = pixelsOf(bitmap);
  const grey = new Int16Array(width * height);
  for (let i = 0; i < grey.length; i++) grey[i] = luma(data, i * 4);
  let sum = 0;
  let squares = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      const edge = 4 * grey[at] - grey[at - 1] - grey[at + 1] - grey[at - width] - grey[at + width];
      sum += edge;
      squares += edge * edge;
    }
  }
  const count = (width - 2) * (height - 2);
  return squares / count - (sum / count) ** 2;
}

/** The sharpest picture so far, and how near the present one is. */
export class FocusHold {
  #peak = 0;
  #smooth = null;

  reset() {
    this.#peak = 0;
    this.#smooth = null;
  }

  /** A single noisy picture must not become the mark to reach. */
  add(value) {
    this.#smooth = this.#smooth === null ? value : this.#smooth * 0.6 + value * 0.4;
    this.#peak = Math.max(this.#peak, this.#smooth);
    const near = this.#peak > 0 ? this.#smooth / this.#peak : 0;
    return {
      value: this.#smooth,
      // The mark stands at nine tenths, so that there is room to become sharper.
      bar: 0.9 * near,
      peak: 0.9,
      near,
    };
  }
}

/** Shares of 64 steps of brightness, and how much is drowned or burnt out. */
export function brightness(bitmap) {
  const { data } = pixelsOf(bitmap, 320);
  const bins = new Array(64).fill(0);
  let sum = 0;
  let dark = 0;
  let burnt = 0;
  const count = data.length / 4;
  for (let i = 0; i < data.length; i += 4) {
    const value = luma(data, i);
    bins[value >> 2] += 1;
    sum += value;
    if (value <= 4) dark += 1;
    if (value >= 251) burnt += 1;
  }
  return {
    bins: bins.map((bin) => bin / count),
    mean: sum / count,
    dark: dark / count,
    burnt: burnt / count,
  };
}

export function lightWord({ mean, dark, burnt }) {
  if (burnt > 0.02)
    return { tone: 'warn', text: `${Math.round(burnt * 100)} % burnt out: less light or exposure` };
  if (dark > 0.2) return { tone: 'warn', text: `${Math.round(dark * 100)} % black: more light or exposure` };
  if (mean < 40) return { tone: 'warn', text: 'dark' };
  if (mean > 215) return { tone: 'warn', text: 'bright' };
  return { tone: 'ok', text: 'good' };
}

export function drawHistogram(canvas, { bins }) {
  const context = canvas.getContext('2d');
  const style = getComputedStyle(canvas);
  const top = Math.max(...bins, 0.02);
  const step = canvas.width / bins.length;
  context.clearRect(0, 0, canvas.width, canvas.height);
  for (const [i, bin] of bins.entries()) {
    const edge = i === 0 || i === bins.length - 1;
    context.fillStyle = style.getPropertyValue(edge ? '--warn' : '--accent');
    const height = Math.sqrt(bin / top) * (canvas.height - 6);
    context.fillRect(i * step + 1, canvas.height - height, step - 2, height);
  }
}

/** Lines over the picture, in its own coordinates. */
export function lines(kind, width, height) {
  const line = (x1, y1, x2, y2) => `<path d="M${x1} ${y1}L${x2} ${y2}"/>`;
  const at = (part, whole) => Math.round(part * whole * 10) / 10;
  const drawn = { thirds: '', cross: '', none: '' };
  for (const part of [1 / 3, 2 / 3]) {
    drawn.thirds +=
      line(at(part, width), 0, at(part, width), height) + line(0, at(part, height), width, at(part, height));
  }
  const radius = at(0.08, height);
  drawn.cross =
    line(width / 2, 0, width / 2, height) +
    line(0, height / 2, width, height / 2) +
    `<circle cx="${width / 2}" cy="${height / 2}" r="${radius}"/><circle cx="${width / 2}" cy="${height / 2}" r="${radius * 3}"/>`;
  const strokes = (colour, thickness) =>
    `<g fill="none" stroke="${colour}" stroke-width="${thickness}" vector-effect="non-scaling-stroke">${drawn[kind]}</g>`;
  const unit = Math.max(width, height) / 600;
  return strokes('#0b0e12', 2.6 * unit) + strokes('#ffb224', 1.2 * unit);
}

/** The part of the sensor that the camera is set to. */
export function regionDrawing(region, rotation) {
  const { left, top, width, height } = region ?? { left: 0, top: 0, width: 1, height: 1 };
  const part = (value) => Math.round(value * 100);
  const words = region
    ? `Only this part of the sensor is used: ${part(width)} × ${part(height)} %, from ${part(left)} % left and ${part(top)} % top.`
    : 'The whole sensor is used.';
  return {
    svg: `<svg viewBox="-2 -2 104 69" aria-hidden="true"><rect width="100" height="65" fill="none" stroke="#8794a1" stroke-width="2"/><rect x="${left * 100}" y="${top * 65}" width="${width * 100}" height="${height * 65}" fill="#338dda44" stroke="#338dda" stroke-width="3"/></svg>`,
    words: rotation ? `${words} Turned by ${rotation}°.` : words,
  };
}

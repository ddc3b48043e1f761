import { parentPort, workerData } from 'node:worker_threads';
import { decode } from 'bmp-ts';

// Alpha, blue, green, red: asked for RGBA, the decoder mixes up the channels of a palette.
const { data, width, height } = decode(joined(Buffer.from(workerData as Uint8Array)));
const rgb = new Uint8Array(width * height * 3);
for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
  rgb[to] = data[from + 3] ?? 0;
  rgb[to + 1] = data[from + 2] ?? 0;
  rgb[to + 2] = data[from + 1] ?? 0;
}
parentPort?.postMessage(rgb, [rgb.buffer]);

/**
 * The file as the decoder reads it: pixels right behind a palette that has every colour unless a number is stated. The file itself
 * says where they begin.
 */
function joined(file: Buffer): Buffer {
  const pixels = file.readUInt32LE(10);
  const header = file.readUInt32LE(14);
  const masks = header === 40 ? ({ 3: 12, 6: 16 }[file.readUInt32LE(30)] ?? 0) : 0;
  const palette = 14 + header + masks;
  const [bits, stated] = [file.readUInt16LE(28), file.readUInt32LE(46)];
  const expected = palette + 4 * (stated === 0 && bits <= 8 ? 2 ** bits : stated);
  if (pixels === expected || pixels < palette) return file;
  const head = Buffer.from(file.subarray(0, Math.min(pixels, expected)));
  if (pixels < expected) head.writeUInt32LE((pixels - palette) >> 2, 46);
  return Buffer.concat([head, file.subarray(pixels)]);
}

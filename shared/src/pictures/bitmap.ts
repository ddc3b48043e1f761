import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

export interface Bitmap {
  readonly width: number;
  readonly height: number;
  /** uint8 [height, width, 3], RGB. */
  readonly rgb: Buffer;
}

export const isBitmap = (bytes: Uint8Array): boolean => bytes[0] === 0x42 && bytes[1] === 0x4d;

/**
 * A Windows bitmap (BMP), which libvips does not read, without its alpha. In a thread: one of five megapixels takes a
 * quarter of a second of JavaScript.
 * @throws Error what is wrong with it
 */
export async function decodeBitmap(bytes: Uint8Array, mostPixels: number): Promise<Bitmap> {
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (header.byteLength < 54) throw new Error('The bitmap is cut short.');
  const [width, height] = [header.getInt32(18, true), Math.abs(header.getInt32(22, true))];
  if (width < 1 || height < 1 || width * height > mostPixels) {
    throw new Error(`The bitmap has ${width} × ${height} pixels.`);
  }
  const thread = new Worker(new URL('./bitmap-thread.js', import.meta.url), { workerData: bytes });
  const [rgb] = (await once(thread, 'message')) as [Uint8Array];
  return { width, height, rgb: Buffer.from(rgb.buffer) };
}

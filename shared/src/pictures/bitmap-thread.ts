import { parentPort, workerData } from 'node:worker_threads';
import { decode } from 'bmp-ts';

// Alpha, blue, green, red: asked for RGBA, the decoder mixes up the channels of a palette.
const { data, width, height } = decode(Buffer.from(workerData as Uint8Array));
const rgb = new Uint8Array(width * height * 3);
for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
  rgb[to] = data[from + 3] ?? 0;
  rgb[to + 1] = data[from + 2] ?? 0;
  rgb[to + 2] = data[from + 1] ?? 0;
}
parentPort?.postMessage(rgb, [rgb.buffer]);

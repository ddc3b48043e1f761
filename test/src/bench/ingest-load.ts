import { createHash, randomBytes } from 'node:crypto';
import { encodeMessage, FrameMessage } from '@lineside/shared';
import sharp from 'sharp';
import { v7 as uuidv7 } from 'uuid';

/** A JPEG of about `size` bytes. */
async function noiseJpeg(size: number): Promise<Buffer> {
  const width = 400;
  const render = (height: number) =>
    sharp(randomBytes(width * height * 3), { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 80 })
      .toBuffer();
  const first = await render(200);
  return render(Math.max(16, Math.round((200 * size) / first.length)));
}

/**
 * Makes frames that differ in every id and every picture, cheaply: one encoded message whose id and a few bytes in the
 * middle of the picture's noise are overwritten.
 */
export async function frameFactory(pictureBytes: number): Promise<() => { id: string; payload: Buffer }> {
  const image = await noiseJpeg(pictureBytes);
  const placeholder = uuidv7();
  const template = Buffer.from(
    encodeMessage(FrameMessage, {
      v: 1,
      id: placeholder,
      cameraId: 'bench',
      sequence: 0,
      capturedAt: Date.now(),
      width: 400,
      height: 200,
      imageType: 'image/jpeg',
      image,
      reasons: [{ kind: 'record', score: 0.1 }],
    }),
  );
  const idAt = template.indexOf(placeholder, 0, 'latin1');
  const noiseAt = template.indexOf(image) + Math.floor(image.length / 2);
  let counter = 0;
  return () => {
    const payload = Buffer.from(template);
    const id = uuidv7();
    payload.write(id, idAt, 'latin1');
    createHash('sha256').update(`${process.pid}:${counter++}:${id}`).digest().copy(payload, noiseAt);
    return { id, payload };
  };
}

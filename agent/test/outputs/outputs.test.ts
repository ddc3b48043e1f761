import { FrameMessage } from '@lineside/shared';
import fc from 'fast-check';
import sharp from 'sharp';
import t from 'tap';
import { flaggedFrame } from '../../src/outputs/flagged-frame.js';
import { frameId, repeatableFrameId } from '../../src/outputs/frame-id.js';
import { uploadPicture } from '../../src/outputs/upload-picture.js';
import { seededRandom } from '../../src/policy/random.js';

const noise = (width: number, height: number) => {
  const random = seededRandom(5);
  return {
    rgb: Buffer.from(Uint8Array.from({ length: width * height * 3 }, () => random() * 256)),
    width,
    height,
  };
};

t.test('frame ids are UUIDs of version 7 that sort by time', async (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 48 - 2 }), (at) => {
      const id = frameId(at);
      return (
        /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id) &&
        Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16) === at &&
        id < frameId(at + 1)
      );
    }),
  );
  t.equal(new Set(Array.from({ length: 1000 }, () => frameId(5))).size, 1000);
});

t.test('a repeatable id depends on the device and on the frame, and on nothing else', async (t) => {
  const id = repeatableFrameId('box', 'cam/1-2-a.jpg');
  t.equal(repeatableFrameId('box', 'cam/1-2-a.jpg'), id);
  t.not(repeatableFrameId('other', 'cam/1-2-a.jpg'), id);
  t.not(repeatableFrameId('box', 'cam/1-3-a.jpg'), id);
  t.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

t.test('a JPEG that fits travels as it is; anything else becomes one that fits', async (t) => {
  const { rgb, width, height } = noise(400, 300);
  const raw = sharp(rgb, { raw: { width, height, channels: 3 } });
  const jpeg = await raw.clone().jpeg({ quality: 70 }).toBuffer();
  t.equal((await uploadPicture({ rgb, width, height, jpeg }, 1e6)).image, jpeg);

  const best = await uploadPicture({ rgb, width, height }, 1e6);
  t.equal(best.imageType, 'image/jpeg');
  const { chromaSubsampling } = await sharp(best.image).metadata();
  t.equal(chromaSubsampling, '4:4:4');

  for (const maxBytes of [90_000, 30_000, 8000]) {
    const { image } = await uploadPicture({ rgb, width, height, jpeg }, maxBytes);
    t.ok(image.length <= maxBytes, `${image.length} of ${maxBytes} bytes`);
    t.ok((await sharp(image).metadata()).width <= width);
  }
  await t.rejects(uploadPicture({ rgb, width, height }, 50), { code: 'payload_too_large' });
});

t.test('a flagged frame is a valid message, with the embedding as little-endian floats', async (t) => {
  const message = await flaggedFrame(
    {
      frame: {
        cameraId: 'cam',
        sequence: 4,
        capturedAt: 1_700_000_000_000,
        capturedAtMonotonicMs: 0,
        ...noise(20, 10),
        group: 'g',
        metadata: { shift: 'late' },
      },
      reasons: [{ kind: 'audit', score: 0.9 }],
      decision: null,
      inference: null,
    },
    'box',
    1e6,
  );
  t.same(FrameMessage.parse(message), message);
  t.match(message, { cameraId: 'cam', sequence: 4, group: 'g', metadata: { shift: 'late' } });
  t.notOk('decision' in message || 'embedding' in message || 'source' in message);
});

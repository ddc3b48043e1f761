import { FrameMessage } from '@lineside/shared';
import fc from 'fast-check';
import sharp from 'sharp';
import t from 'tap';
import { decodePicture } from '../../src/capture/decode-picture.js';
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
  const original = await raw.clone().jpeg({ quality: 70 }).toBuffer();
  const encoded = { type: 'image/jpeg', bytes: original } as const;
  t.equal((await uploadPicture({ rgb, width, height, encoded }, 1e6)).image, original);

  const png = { type: 'image/png', bytes: await raw.clone().png().toBuffer() } as const;
  const best = await uploadPicture({ rgb, width, height, encoded: png }, 1e6);
  t.equal(best.imageType, 'image/jpeg');
  const { chromaSubsampling } = await sharp(best.image).metadata();
  t.equal(chromaSubsampling, '4:4:4');

  for (const maxBytes of [90_000, 30_000, 8000]) {
    const { image } = await uploadPicture({ rgb, width, height, encoded }, maxBytes);
    t.ok(image.length <= maxBytes, `${image.length} of ${maxBytes} bytes`);
    t.ok((await sharp(image).metadata()).width <= width);
  }
  await t.rejects(uploadPicture({ rgb, width, height }, 50), { code: 'payload_too_large' });
});

t.test(
  'pictures are decoded as stored: no rotation, alpha on black, grey to three channels, 8 bit',
  async (t) => {
    const background = { r: 200, g: 100, b: 50, alpha: 0.5 };
    const image = sharp({ create: { width: 4, height: 3, channels: 4, background } });
    const flat = await decodePicture(await image.png().toBuffer());
    t.same([flat.type, flat.width, flat.height, flat.rgb.length], ['image/png', 4, 3, 36]);
    t.ok(Math.abs((flat.rgb[0] ?? 0) - 100) <= 1, 'half of 200 over black');

    const plain = sharp(noise(6, 4).rgb, { raw: { width: 6, height: 4, channels: 3 } });
    const turned = await decodePicture(
      await plain.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    );
    t.same([turned.width, turned.height], [6, 4], 'an EXIF orientation is ignored');

    const grey = await decodePicture(await plain.clone().greyscale().png().toBuffer());
    t.equal(grey.rgb.length, 6 * 4 * 3);
    t.ok(grey.rgb[0] === grey.rgb[1] && grey.rgb[1] === grey.rgb[2]);

    const deep = await decodePicture(await plain.clone().toColourspace('rgb16').png().toBuffer());
    t.same(deep.rgb, noise(6, 4).rgb, '16 bit come down to the same 8');
    await t.rejects(decodePicture(Buffer.from('GIF89a')), { code: 'image_unreadable' });
    const gif = await plain.clone().gif().toBuffer();
    await t.rejects(decodePicture(gif), { code: 'image_unsupported' });
  },
);

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

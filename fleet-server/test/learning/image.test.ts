import sharp from 'sharp';
import t from 'tap';
import { decodeRgb, shrink } from '../../src/learning/image.js';
import { drawTexture, encodePng } from './fixtures.js';

t.test('every kind of picture becomes 8-bit RGB', async (t) => {
  const grey16 = await sharp(
    Uint16Array.from({ length: 4 * 2 }, (_, at) => at * 8000),
    {
      raw: { width: 4, height: 2, channels: 1 },
    },
  )
    .toColourspace('grey16')
    .png()
    .toBuffer();
  const decoded = await decodeRgb(grey16);
  t.match(decoded, { width: 4, height: 2 });
  t.equal(decoded.rgb.length, 4 * 2 * 3);
  t.ok(decoded.rgb[0] === 0 && decoded.rgb[21]! > 200, 'scaled from 16 bits, not cut');
  t.equal(decoded.rgb[21], decoded.rgb[23], 'grey');

  const picture = drawTexture('dots', 3);
  t.strictSame(await decodeRgb(await encodePng(picture)), { ...picture, rgb: Buffer.from(picture.rgb) });
  const grey = await sharp(await encodePng(picture))
    .greyscale()
    .jpeg()
    .toBuffer();
  t.equal((await decodeRgb(grey)).rgb.length, picture.rgb.length);
});

t.test('transparency lies over black', async (t) => {
  const clear = await sharp({ create: { width: 2, height: 2, channels: 4, background: '#ffffff00' } })
    .png()
    .toBuffer();
  t.ok((await decodeRgb(clear)).rgb.every((value) => value === 0));
});

t.test('the orientation tag is not applied: the trainer sees the rows a camera sees', async (t) => {
  const tagged = await sharp(await encodePng(drawTexture('stripes', 1, 40, 20)))
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();
  t.match(await decodeRgb(tagged), { width: 40, height: 20 });
});

t.test('what is no picture, or only half of one, is unreadable', async (t) => {
  const whole = await sharp(await encodePng(drawTexture('cloud', 1)))
    .jpeg()
    .toBuffer();
  for (const bytes of [Buffer.from('no picture'), Buffer.alloc(0), whole.subarray(0, whole.length / 2)]) {
    await t.rejects(decodeRgb(bytes), { code: 'image_unreadable' });
  }
});

t.test('shrinking keeps the aspect and leaves small pictures alone', async (t) => {
  t.match(await shrink(drawTexture('cloud', 1, 640, 480), 320), { width: 320, height: 240 });
  const small = drawTexture('cloud', 1);
  t.equal(await shrink(small, 320), small);
});

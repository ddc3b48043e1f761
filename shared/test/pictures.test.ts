import { encode } from 'bmp-ts';
import sharp from 'sharp';
import t from 'tap';
import { decodePicture } from '../src/pictures/decode-picture.js';
import { formatOfName } from '../src/pictures/formats.js';

const [width, height] = [6, 4];
const rgb = Buffer.from(Array.from({ length: width * height * 3 }, (_, at) => (at * 37) % 256));
const drawn = sharp(rgb, { raw: { width, height, channels: 3 } });
/** As the encoder wants it: alpha, blue, green, red. */
const abgr = Buffer.from(
  Array.from({ length: width * height }, (_, at) => [
    255,
    ...[...rgb.subarray(at * 3, at * 3 + 3)].reverse(),
  ]).flat(),
);

t.test('what keeps every pixel gives them back, whatever the format', async (t) => {
  const files = {
    png: await drawn.clone().png().toBuffer(),
    webp: await drawn.clone().webp({ lossless: true }).toBuffer(),
    tiff: await drawn.clone().tiff({ compression: 'lzw' }).toBuffer(),
    bmp: encode({ data: abgr, width, height, bitPP: 24 }).data,
  };
  for (const [format, bytes] of Object.entries(files)) {
    t.strictSame(await decodePicture(bytes), { format, width, height, rgb }, format);
  }
  const deep = await drawn.clone().toColourspace('rgb16').png().toBuffer();
  t.strictSame((await decodePicture(deep)).rgb, rgb, '16 bit come down to the same 8');
  t.match(await decodePicture(await drawn.clone().gif().toBuffer()), { format: 'gif', width, height });
  t.match(await decodePicture(await drawn.clone().jpeg().toBuffer()), { format: 'jpeg', width, height });
});

t.test('grey pictures become three channels, of 16 bits and of a palette too', async (t) => {
  const grey16 = await sharp(
    Uint16Array.from({ length: 4 * 2 }, (_, at) => at * 8000),
    { raw: { width: 4, height: 2, channels: 1 } },
  )
    .toColourspace('grey16')
    .png()
    .toBuffer();
  const deep = await decodePicture(grey16);
  t.match(deep, { width: 4, height: 2 });
  t.equal(deep.rgb.length, 4 * 2 * 3);
  t.ok(deep.rgb[0] === 0 && deep.rgb[21]! > 200, 'scaled from 16 bits, not cut');
  t.equal(deep.rgb[21], deep.rgb[23], 'grey');

  t.strictSame(
    await decodePicture(greyBitmap(3, 2, [10, 20, 30, 40, 50, 60])),
    {
      ...{ format: 'bmp', width: 3, height: 2 },
      rgb: Buffer.from([10, 20, 30, 40, 50, 60].flatMap((value) => [value, value, value])),
    },
    'of 8 bits, as cameras write it, from the top down',
  );
  const whole = greyBitmap(3, 2, [10, 20, 30, 40, 50, 60]);
  const { rgb: expected } = await decodePicture(whole);
  const gap = Buffer.concat([whole.subarray(0, 1078), Buffer.alloc(10, 255), whole.subarray(1078)]);
  gap.writeUInt32LE(1088, 10);
  t.strictSame((await decodePicture(gap)).rgb, expected, 'pixels begin where the file says');
  const short = Buffer.concat([whole.subarray(0, 54 + 4 * 61), whole.subarray(1078)]);
  short.writeUInt32LE(54 + 4 * 61, 10);
  t.strictSame((await decodePicture(short)).rgb, expected, 'a palette may have fewer colours than it could');
});

t.test('transparency lies over black; a bitmap that leaves its alpha empty is not transparent', async (t) => {
  const half = { r: 200, g: 100, b: 50, alpha: 0.5 };
  const image = sharp({ create: { width: 4, height: 3, channels: 4, background: half } });
  const flat = await decodePicture(await image.png().toBuffer());
  t.ok(Math.abs((flat.rgb[0] ?? 0) - 100) <= 1, 'half of 200 over black');
  const empty = Buffer.from(abgr.map((value, at) => (at % 4 === 0 ? 0 : value)));
  t.strictSame((await decodePicture(encode({ data: empty, width, height, bitPP: 32 }).data)).rgb, rgb);
});

t.test('the orientation tag is not applied: the trainer sees the rows a camera sees', async (t) => {
  const tagged = await drawn.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer();
  t.match(await decodePicture(tagged), { width, height });
});

t.test('what is no picture, only half of one, or far too large is unreadable', async (t) => {
  const jpeg = await sharp(Buffer.alloc(64 * 64 * 3, 90), { raw: { width: 64, height: 64, channels: 3 } })
    .jpeg()
    .toBuffer();
  const bitmap = encode({ data: abgr, width, height, bitPP: 24 }).data;
  const huge = Buffer.from(bitmap);
  huge.writeInt32LE(100_000, 18);
  huge.writeInt32LE(100_000, 22);
  const broken = {
    'no picture': Buffer.from('no picture'),
    nothing: Buffer.alloc(0),
    'half a JPEG': jpeg.subarray(0, jpeg.length / 2),
    'BM alone': Buffer.from('BM'),
    'words that begin with BM': Buffer.from(`BM${', but no bitmap'.repeat(5)}`),
    'half a bitmap': bitmap.subarray(0, bitmap.length - 20),
    'a bitmap of ten gigapixels': huge,
    'GIF by its first letters': Buffer.from('GIF89a'),
  };
  for (const [name, bytes] of Object.entries(broken)) {
    await t.rejects(decodePicture(bytes), { code: 'image_unreadable' }, name);
  }
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
  await t.rejects(decodePicture(svg), { code: 'image_unsupported' });
});

t.test('names tell the format', (t) => {
  t.strictSame(
    ['a.JPG', 'b.jpeg', 'c.tif', 'd.BMP', 'e.svg', 'f', 'toString', 'g.constructor'].map(formatOfName),
    ['jpeg', 'jpeg', 'tiff', 'bmp', null, null, null, null],
  );
  t.end();
});

/** A bitmap of 8 bits with a grey palette, first row first. */
function greyBitmap(width: number, height: number, values: number[]): Buffer {
  const stride = Math.ceil(width / 4) * 4;
  const offset = 54 + 1024;
  const file = Buffer.alloc(offset + stride * height);
  file.write('BM');
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(offset, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(width, 18);
  file.writeInt32LE(-height, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(8, 28);
  for (let grey = 0; grey < 256; grey++)
    file.fill(Buffer.from([grey, grey, grey, 0]), 54 + grey * 4, 58 + grey * 4);
  for (let row = 0; row < height; row++) {
    file.set(values.slice(row * width, (row + 1) * width), offset + row * stride);
  }
  return file;
}

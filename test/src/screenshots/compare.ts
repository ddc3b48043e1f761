import sharp from 'sharp';

/** Pixels of a cell's edge, as pictures are compared: wide enough that another font draws the same grey. */
const columns = 64;
/** Of 255, in any channel of a cell; in the dark theme a panel differs less from what is under it. */
const visible = { light: 13, dark: 9 };
/** Of 255: the mean of a picture that is called dark is below. */
const dark = 80;
/** Share of cells that may differ visibly. */
const tolerated = 0.012;

/** As a picture is kept: 640 pixels wide, 960 those of large screens. */
export const shrink = (png: Buffer, width: number): Promise<Buffer> =>
  sharp(png).resize({ width }).webp({ quality: 60, effort: 6 }).toBuffer();

async function cells(picture: Buffer): Promise<{ data: Buffer; height: number }> {
  const { data, info } = await sharp(picture)
    .removeAlpha()
    .toColourspace('srgb')
    .blur(2)
    .resize({ width: columns, kernel: 'cubic' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, height: info.height };
}

/** Share of the cells that look different; 1 where the shapes differ. */
export async function difference(a: Buffer, b: Buffer): Promise<number> {
  const [one, other] = await Promise.all([cells(a), cells(b)]);
  if (one.height !== other.height) return 1;
  const mean = one.data.reduce((sum, value) => sum + value, 0) / one.data.length;
  const limit = mean < dark ? visible.dark : visible.light;
  let differing = 0;
  for (let at = 0; at < one.data.length; at += 3) {
    const far = [0, 1, 2].some(
      (channel) => Math.abs(one.data[at + channel]! - other.data[at + channel]!) > limit,
    );
    if (far) differing += 1;
  }
  return differing / (one.data.length / 3);
}

export const alike = async (a: Buffer, b: Buffer): Promise<boolean> => (await difference(a, b)) <= tolerated;

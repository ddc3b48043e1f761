import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import t from 'tap';
import { alike, difference } from '../src/screenshots/compare.js';
import { kept, keptNames, pictures } from '../src/screenshots/pictures.js';
import { needsChromium } from '../src/system/browser.js';

const remedy = 'npm run screenshots:accept keeps the pages as they look now';

t.test('every page looks as it did', { timeout: 900_000, ...needsChromium }, async (t) => {
  const names = await keptNames();
  const taken: string[] = [];
  let different = '';
  await pictures(async (file, picture) => {
    taken.push(file);
    const had = names.includes(file) ? await readFile(join(kept, file)) : null;
    if (had && (await alike(had, picture))) return;
    different ||= await mkdtemp(join(tmpdir(), 'lineside-screenshots-'));
    await writeFile(join(different, `now-${file}`), picture);
    if (had) await writeFile(join(different, `kept-${file}`), had);
    const what = had
      ? `differs in ${(100 * (await difference(had, picture))).toFixed(1)} % of its cells`
      : 'is new';
    t.fail(`${file} ${what}: see ${different}; ${remedy}`);
  });
  t.strictSame(taken.sort(), names, `a picture for every page, and none of pages that are gone: ${remedy}`);
});

t.test('a moved or missing panel is seen, another font is not', async (t) => {
  const page = (body: string, font = 'DejaVu Sans', [ground, bar] = ['#f4f6f8', '#1d2730']) =>
    sharp(
      Buffer.from(
        `<svg xmlns="http://www.w3.org/2000/svg" width="1280" height="800" font-family="${font}" font-size="15">
          <rect width="1280" height="800" fill="${ground}"/><rect width="96" height="800" fill="${bar}"/>${body}</svg>`,
      ),
    )
      .resize({ width: 640 })
      .webp({ quality: 60 })
      .toBuffer();
  const panel = (x: number, y: number) =>
    `<rect x="${x}" y="${y}" width="520" height="220" rx="8" fill="#fff" stroke="#c5ced6"/>
     <text x="${x + 20}" y="${y + 40}" fill="#1d2730">Frames of the random sample that were labelled</text>
     <rect x="${x + 20}" y="${y + 70}" width="300" height="90" fill="#0e5690"/>`;
  const usual = await page(panel(120, 80) + panel(120, 340));
  t.ok(await alike(usual, await page(panel(120, 80) + panel(120, 340), 'DejaVu Serif')), 'another font');
  t.notOk(await alike(usual, await page(panel(120, 80))), 'a panel is gone');
  t.notOk(await alike(usual, await page(panel(120, 80) + panel(160, 340))), 'a panel has moved');
  const night: [string, string] = ['#0f1319', '#171d24'];
  const table = '<rect x="120" y="80" width="900" height="220" rx="8" fill="#1a2027" stroke="#2a323b"/>';
  t.notOk(
    await alike(await page(table, undefined, night), await page('', undefined, night)),
    'a table is gone in the dark',
  );
});

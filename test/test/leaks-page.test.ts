import { join } from 'node:path';
import { LocalBlobs } from '@lineside/fleet-server/blobs/local-blobs';
import { openDatabase } from '@lineside/fleet-server/db/open';
import sharp from 'sharp';
import t from 'tap';
import { storeFrames } from '../src/bench/console/stored-frames.js';
import { needsChromium } from '../src/system/browser.js';
import { filledServer } from '../src/system/filled-server.js';
import { signedInPage } from '../src/system/signed-in-page.js';
import { type StoredLabel, storedLabels, storeVersion } from '../src/system/stored-version.js';

/** A version whose first test frame shows the part of its first training frame in another light. */
async function storeLeak(dataDir: string): Promise<{ test: string; train: string }> {
  await storeFrames({ dataDir, count: 240, nowMs: Date.now() });
  const database = await openDatabase({ dataDir });
  const { db } = database;
  const labelled = await storedLabels(db);
  const [{ frameId: test }, { frameId: train, imageSha256 }] = labelled as [StoredLabel, StoredLabel];
  const blobs = await LocalBlobs.open(join(dataDir, 'blobs'));
  const picture = await sharp(await blobs.read(imageSha256))
    .modulate({ brightness: 1.1 })
    .jpeg()
    .toBuffer();
  const { sha256, length } = await blobs.put(picture);
  await db.execute(`update frames set image_sha256 = '${sha256}', bytes = ${length} where id = '${test}'`);
  await storeVersion(db, 1, new Date(), labelled);
  await database.close();
  return { test, train };
}

t.test(
  'a test frame that training has as good as seen: found, and put in one group with its like',
  { timeout: 300_000, ...needsChromium },
  async (t) => {
    let pair = { test: '', train: '' };
    const server = await filledServer(t, async (dataDir) => {
      pair = await storeLeak(dataDir);
    });
    const { page, complaints } = await signedInPage(t, server.ready.signInUrl);
    const { apiUrl } = server.ready;
    await page.goto(`${apiUrl}/dataset/versions/dataset-1`);
    await page.getByTestId('check-leaks').click();
    const found = page.getByTestId('leak-pair').filter({ has: page.locator(`a[href$="${pair.test}"]`) });
    await found.waitFor({ timeout: 120_000 });
    t.equal(await found.locator(`a[href$="${pair.train}"]`).count(), 1, 'beside its like');
    const together = found.getByTestId('link-pair');
    await together.click();
    await found.getByRole('button', { name: 'In one group', pressed: true }).waitFor();

    const headers = { 'x-lineside-csrf': '1' };
    const next = await (await page.request.post(`${apiUrl}/api/v1/datasets`, { headers, data: {} })).json();
    const { items } = await (
      await page.request.get(`${apiUrl}/api/v1/datasets/${next.id}/items?limit=500`)
    ).json();
    const splitOf = (id: string) => items.find(({ frameId }: { frameId: string }) => frameId === id)?.split;
    t.ok(splitOf(pair.test));
    t.equal(splitOf(pair.test), splitOf(pair.train), 'the next version has both on one side');

    await together.click();
    await found.getByRole('button', { name: 'Put in one group', pressed: false }).waitFor();
    t.strictSame(complaints, []);
  },
);

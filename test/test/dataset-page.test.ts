import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalBlobs } from '@lineside/fleet-server/blobs/local-blobs';
import { openDatabase } from '@lineside/fleet-server/db/open';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import t from 'tap';
import { storeFrames } from '../src/bench/console/stored-frames.js';
import { chromiumBinary, launchBrowser } from '../src/system/browser.js';
import { startServer } from '../src/system/server.js';
import { until } from '../src/system/until.js';

const skip = chromiumBinary() ? {} : { skip: 'Chromium is not installed: npm run setup:system' };

const tiles = (page: Page) => page.getByTestId('tile');
const chosen = (page: Page, count: number) =>
  until(`${count} chosen frames`, async () => (await chosenNow(page)) === count);
const chosenNow = (page: Page) => page.locator('[data-testid=tile][data-selected]').count();
const total = (page: Page, text: string) =>
  page.getByTestId('frame-count').getByText(text, { exact: true }).waitFor();

/** Gives the newest frame a picture out of focus, the one before a dark one. */
async function spoilTwo(dataDir: string): Promise<void> {
  const database = await openDatabase({ dataDir });
  const blobs = await LocalBlobs.open(join(dataDir, 'blobs'));
  const { rows } = await database.db.execute<{ id: string; image_sha256: string }>(
    'select id, image_sha256 from frames order by received_at desc limit 2',
  );
  for (const [at, row] of rows.entries()) {
    const image = sharp(await blobs.read(row.image_sha256));
    const spoilt = await (at === 0 ? image.blur(8) : image.linear(0.1, 0)).jpeg().toBuffer();
    const { sha256 } = await blobs.put(spoilt);
    await database.db.execute(`update frames set image_sha256 = '${sha256}' where id = '${row.id}'`);
  }
  await database.close();
}

t.test(
  'frames are found, chosen by key, range and rectangle, labelled, taken back, sent to the queue',
  {
    timeout: 600_000,
    ...skip,
  },
  async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'lineside-dataset-'));
    await storeFrames({ dataDir: join(dir, 'server'), count: 600, nowMs: Date.now() });
    await spoilTwo(join(dir, 'server'));
    const server = await startServer({ dataDir: join(dir, 'server') });
    const browser = await launchBrowser();
    t.teardown(async () => {
      await browser.close();
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    });
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    const { apiUrl } = server.ready;
    await page.goto(server.ready.signInUrl ?? '');
    await page.getByTestId('sign-in-link-button').click();
    await page.getByRole('link', { name: 'Dataset' }).click();
    await total(page, '600 frames');

    await page.getByTestId('open-balance').click();
    await page.getByText('By device').click();
    const ofDevice = page.getByTestId('balance-good-device-0');
    const ready = Number(await ofDevice.textContent());
    t.ok(ready > 0);
    await ofDevice.click();
    await page.waitForURL(/classId=good.*deviceId=device-0/);
    await total(page, ready === 1 ? '1 frame' : `${ready} frames`);
    await page.getByText('Not disputed').waitFor();
    await page.getByTestId('open-balance').click();
    await page.getByText('By state').click();
    const toLabel = page.getByTestId('balance-scratch-none');
    const waiting = await toLabel.textContent();
    await toLabel.click();
    await page.waitForURL(/label=none.*predicted=scratch/);
    await total(page, `${waiting} frames`);
    await page.getByRole('button', { name: 'Show everything' }).click();
    await total(page, '600 frames');

    await page.getByTestId('filter-label-none').click();
    await page.getByTestId('filter-predicted-scratch').click();
    await page.waitForURL(/label=none.*predicted=scratch/);
    await page.reload();
    await tiles(page).first().waitFor();
    const first = (await tiles(page).first().getAttribute('data-frame-id')) ?? '';

    await tiles(page).first().click();
    await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Shift+ArrowDown');
    await until('a range over the end of a row', async () => (await chosenNow(page)) > 3);
    await tiles(page).first().click();
    await tiles(page)
      .nth(4)
      .click({ modifiers: ['Shift'] });
    await tiles(page)
      .nth(2)
      .click({ modifiers: ['Control'] });
    await chosen(page, 4);

    await page.keyboard.press('2');
    await page.getByText('4 frames labelled scratch').waitFor();
    const labelOf = async (id: string) => {
      const answer = await page.request.get(`${apiUrl}/api/v1/frames/${id}`);
      return ((await answer.json()) as { frame: { label: { classId: string } | null } }).frame.label?.classId;
    };
    t.equal(await labelOf(first), 'scratch');
    t.ok(await tiles(page).first().isVisible(), 'what was just labelled stays in sight');
    await page.keyboard.press('Control+z');
    await page.getByText('4 frames as before').waitFor();
    t.equal(await labelOf(first), undefined);

    const [from, to] = [await tiles(page).nth(0).boundingBox(), await tiles(page).nth(6).boundingBox()];
    await page.mouse.move((from?.x ?? 0) + 20, (from?.y ?? 0) + 20);
    await page.mouse.down();
    await page.mouse.move((to?.x ?? 0) + 20, (to?.y ?? 0) + 20, { steps: 5 });
    await page.mouse.up();
    await chosen(page, 4);
    await page.keyboard.press('q');
    await page.getByText('4 frames at the front').waitFor();

    await page.keyboard.press('Escape');
    await chosen(page, 0);
    await tiles(page).first().dblclick();
    await page.getByTestId('frame-preview').waitFor();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Escape');
    await page.getByTestId('frame-preview').waitFor({ state: 'detached' });

    await page.getByRole('link', { name: 'Review' }).click();
    await page.getByTestId('review-reason').getByText('Sent by').waitFor();

    await page.goto(`${apiUrl}/dataset?text=part-599`);
    await total(page, '1 frame');
    await page.getByRole('button', { name: 'Show everything' }).click();
    await total(page, '600 frames');
    await tiles(page).first().waitFor();
    await page.keyboard.press('End');
    await until(
      'the oldest frame in sight',
      async () => (await page.locator('[data-place="599"]').count()) === 1,
    );
    await page.goto(`${apiUrl}/dataset`);
    await page.getByTestId('start-inspection').click();
    await page.locator('[data-testid=inspection][data-state=done]').waitFor({ timeout: 120_000 });
    await page.getByTestId('filter-finding-dark').waitFor();
    await page.getByTestId('filter-finding-blurred').click();
    await total(page, '1 frame');
    await tiles(page).first().click();
    await page.keyboard.press('q');
    await page.getByText('1 frame at the front').waitFor();
    await page.getByTestId('filter-finding-mislabelled').click();
    await tiles(page).first().click();
    await page.keyboard.press('a');
    await page.getByText('1 frame labelled as suggested').waitFor();
    await page.getByTestId('open-map').click();
    const drawAroundAll = async () => {
      const map = await page.getByTestId('frame-map').locator('canvas').boundingBox();
      const corner = (x: number, y: number) =>
        [(map?.x ?? 0) + x * (map?.width ?? 0), (map?.y ?? 0) + y * (map?.height ?? 0)] as const;
      await page.mouse.move(...corner(0.01, 0.01));
      await page.mouse.down();
      for (const [x, y] of [
        [0.99, 0.01],
        [0.99, 0.99],
        [0.01, 0.99],
      ] as const)
        await page.mouse.move(...corner(x, y), { steps: 4 });
      await page.mouse.up();
    };
    await drawAroundAll();
    await page.getByRole('button', { name: 'Show these 600' }).click();
    await total(page, '600 frames');

    await page.getByTestId('open-map').click();
    await page.getByTestId('map-method').getByText('UMAP').click();
    await page.getByTestId('make-umap').click();
    await page
      .locator('[data-testid=umap][data-state=done]')
      .waitFor({ state: 'attached', timeout: 240_000 });
    await page.getByTestId('frame-map').waitFor();
    await drawAroundAll();
    await page.getByRole('button', { name: 'Show these 600' }).click();
    await page.waitForURL(/area=umap/);
    await total(page, '600 frames');
    t.strictSame(complaints, [], 'the page raised no error');
  },
);

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { storeFrames } from '../src/bench/console/stored-frames.js';
import { chromiumBinary, launchBrowser } from '../src/system/browser.js';
import { startServer } from '../src/system/server.js';

const skip = chromiumBinary() ? {} : { skip: 'Chromium is not installed: npm run setup:system' };

t.test(
  'classes are renamed, merged and split, and what was split waits for a new label',
  { timeout: 300_000, ...skip },
  async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'lineside-book-'));
    await storeFrames({ dataDir: join(dir, 'server'), count: 200, nowMs: Date.now() });
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
    await page.goto(server.ready.signInUrl ?? '');
    await page.getByTestId('sign-in-link-button').click();
    await page.getByRole('link', { name: 'Label book' }).click();

    const change = async (id: string, what: string) => {
      await page.getByTestId(`class-menu-${id}`).click();
      await page.getByRole('menuitem', { name: what }).click();
    };
    const history = page.getByTestId('class-changes');
    await change('scratch', 'Rename');
    await page.getByTestId('new-name').fill('scuff');
    await page.getByTestId('change-class').dblclick();
    await history.getByText('scratch is called scuff now').waitFor();
    t.equal(await history.getByText('is called').count(), 1, 'a double click renames once');
    await page.getByTestId('class-entry-scratch').getByText('called scratch before').waitFor();

    await change('dent', 'Merge into another');
    await page.getByTestId('merge-into').click();
    await page.getByRole('option', { name: 'scuff' }).click();
    await page
      .getByTestId('class-effects')
      .getByText(/labelled frames get the label scuff/)
      .waitFor();
    await page.getByTestId('change-class').click();
    await history.getByText('dent was merged into scuff').waitFor();
    await page.getByTestId('class-entry-dent').waitFor({ state: 'detached' });

    await change('stain', 'Split');
    const counted = await page.getByTestId('class-effects').innerText();
    const frames = Number(/^(\d+) labelled frames? loses?/.exec(counted)?.[1]);
    t.ok(frames > 0, counted);
    await page.getByTestId('part-1').fill('oil');
    await page.getByTestId('part-2').fill('rust');
    await page.getByTestId('change-class').click();
    await history.getByText(`stain was split into oil and rust: ${frames} frame`).waitFor();

    await page.getByRole('link', { name: 'Review' }).click();
    await page
      .getByTestId('review-reason')
      .getByText('The class stain was split into oil and rust')
      .waitFor();
    await page.getByTestId('class-button-oil').waitFor();
    t.equal(await page.getByTestId('class-button-dent').count(), 0);

    await page.getByRole('link', { name: 'Label book' }).click();
    await page.getByTestId('undo-merge').click();
    await page.getByTestId('confirm').click();
    await page.getByTestId('class-entry-dent').waitFor();
    await page.getByTestId('undo-split').waitFor();
    await page.getByRole('link', { name: 'Review' }).click();
    await page.getByTestId('class-button-rust').waitFor();
    await page.keyboard.press('5');
    await page.getByTestId('review-reason').waitFor();
    await page.getByRole('link', { name: 'Label book' }).click();
    await history.getByText('Somebody has labelled one of its frames since.').waitFor();
    t.equal(await page.getByTestId('undo-split').count(), 0);
    t.strictSame(complaints, []);
  },
);

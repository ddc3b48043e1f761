import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { storeFrames } from '../src/bench/console/stored-frames.js';
import { chromiumBinary, launchBrowser } from '../src/system/browser.js';
import { startServer } from '../src/system/server.js';

const skip = chromiumBinary() ? {} : { skip: 'Chromium is not installed: npm run setup:system' };

t.test(
  'classes are renamed, merged and split, and the book says what they mean, beside the frame too',
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

    await page.getByTestId('edit-good').click();
    await page.getByTestId('definition').fill('Nothing can be seen or felt.');
    await page.getByTestId('save-entry').dblclick();
    await page.getByTestId('class-entry-good').getByText('Nothing can be seen or felt.').waitFor();
    await page.getByRole('link', { name: 'Review' }).click();
    await page.getByTestId('review-reason').waitFor();
    await page.keyboard.press('b');
    const panel = page.getByTestId('book-panel');
    await panel.getByText('Nothing can be seen or felt.').waitFor();
    await page.keyboard.press('e');
    await page.getByTestId('example-class').click();
    await page.getByRole('option', { name: 'good', exact: true }).click();
    await page.getByText('Borderline', { exact: true }).click();
    await page.getByTestId('example-note').fill('A shadow, no dent');
    await page.keyboard.press('Enter');
    await panel.getByText('A shadow, no dent').waitFor();
    await page.reload();
    await panel.getByText('A shadow, no dent').waitFor();
    await page.keyboard.press('b');
    await panel.waitFor({ state: 'detached' });

    await page.getByRole('link', { name: 'Dataset' }).click();
    await page.getByTestId('tile').first().dblclick();
    await page.getByTestId('into-book').click();
    await page.getByTestId('example-class').click();
    await page.getByRole('option', { name: 'good', exact: true }).click();
    await page.getByTestId('add-example').click();
    await page.getByText('The frame is in the book, under good.').waitFor();

    await page.goto(new URL('/label-book', server.ready.apiUrl).href);
    await page.getByTestId('versions-good').getByText('Version 3').click();
    await page.getByTestId('book-version-1').click();
    const shown = page.getByTestId('shown-version');
    await shown.getByText('Nothing can be seen or felt.').waitFor();
    t.equal(await shown.locator('img').count(), 0, 'the first version had no examples');

    const answer = await page.request.post(`${server.ready.apiUrl}/api/v1/users`, {
      headers: { 'x-lineside-csrf': '1' },
      data: { email: 'operator@example.com', name: 'Operator', role: 'operator' },
    });
    const { signInPath } = (await answer.json()) as { signInPath: string };
    const context = await browser.newContext({ viewport: { width: 800, height: 1280 } });
    const tablet = await context.newPage();
    await tablet.goto(new URL(signInPath, server.ready.apiUrl).href);
    await tablet.getByTestId('sign-in-link-button').click();
    await tablet.getByRole('link', { name: 'Label book' }).click();
    await tablet.getByTestId('class-entry-good').getByText('A shadow, no dent').waitFor();
    t.equal(await tablet.getByTestId('edit-good').count(), 0, 'operators read');
    await tablet.getByRole('link', { name: 'Review' }).click();
    await tablet.getByTestId('toggle-book').click();
    await tablet.getByTestId('book-panel').getByText('A shadow, no dent').waitFor();
    t.equal(await tablet.getByTestId('into-book').count(), 0);
    t.strictSame(complaints, []);
  },
);

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { storeFrames } from '../src/bench/console/stored-frames.js';
import { checkedContext, violations } from '../src/system/accessibility.js';
import { chromiumBinary, launchBrowser } from '../src/system/browser.js';
import { startServer } from '../src/system/server.js';

const skip = chromiumBinary() ? {} : { skip: 'Chromium is not installed: npm run setup:system' };

const pages = [
  '/',
  '/fleet/device-0',
  '/review',
  '/review/disputed',
  '/review/quality',
  '/label-book',
  '/dataset',
  '/data',
  '/training',
  '/models',
  '/rollouts',
  '/people',
  '/audit',
];

t.test(
  'no page keeps out people who see, hear or move differently',
  { timeout: 600_000, ...skip },
  async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'lineside-accessibility-'));
    await storeFrames({ dataDir: join(dir, 'server'), count: 200, nowMs: Date.now() });
    const server = await startServer({ dataDir: join(dir, 'server') });
    const browser = await launchBrowser();
    t.teardown(async () => {
      await browser.close();
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    });
    const page = await (await checkedContext(browser)).newPage();
    const { apiUrl, signInUrl } = server.ready;
    await page.goto(signInUrl ?? '');
    await page.getByTestId('sign-in-link-button').waitFor();
    t.strictSame(await violations(page), [], 'sign-in');
    await page.getByTestId('sign-in-link-button').click();
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    const frames = await page.request.get(`${apiUrl}/api/v1/frames?limit=1`);
    const [{ id } = { id: '' }] = ((await frames.json()) as { items: { id: string }[] }).items;
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      for (const path of [...pages, `/frames/${id}`]) {
        await page.goto(`${apiUrl}${path}`);
        await page.locator('#content h1, [data-testid=review-frame]').first().waitFor();
        await page.waitForFunction('document.querySelectorAll("#content [aria-label=Loading]").length === 0');
        t.strictSame(await violations(page), [], `${path}, ${colorScheme}`);
      }
    }
  },
);

import { openDatabase } from '@lineside/fleet-server/db/open';
import { devices } from '@lineside/fleet-server/db/schema';
import t from 'tap';
import { storeFrames } from '../src/bench/console/stored-frames.js';
import { checkedContext, violations } from '../src/system/accessibility.js';
import { needsChromium } from '../src/system/browser.js';
import { filledServer } from '../src/system/filled-server.js';
import { signedInPage } from '../src/system/signed-in-page.js';

const count = 3000;

/** Beside the four of `storeFrames`, which never connected: three thousand in three halls, every tenth seen before. */
async function storeFleet(dataDir: string): Promise<void> {
  await storeFrames({ dataDir, count: 240, nowMs: Date.now() });
  const { db, close } = await openDatabase({ dataDir });
  await db.insert(devices).values(
    Array.from({ length: count }, (_, at) => ({
      ...{ id: `line-${at}`, name: `Line ${at}`, certificatePem: '', certificateSha256: `${at}` },
      ...{ certificateExpiresAt: new Date(Date.now() + 1e11), site: `Hall ${(at % 3) + 1}` },
      ...{ tags: at % 2 === 0 ? ['fast'] : [], lastSeenAt: at % 10 === 0 ? new Date() : null },
    })),
  );
  await close();
}

t.test(
  'a fleet of thousands: a table that searches, narrows, sorts and keeps its address',
  { timeout: 300_000, ...needsChromium },
  async (t) => {
    const server = await filledServer(t, storeFleet);
    const { page, complaints } = await signedInPage(t, server.ready.signInUrl, checkedContext);
    const { apiUrl } = server.ready;
    const table = page.getByTestId('fleet-table');
    const rows = page.locator('[data-testid^=fleet-row-]');
    const first = (name: string) => rows.first().getByRole('link', { name, exact: true }).waitFor();
    await table.waitFor();
    t.equal(await table.getByRole('table').getAttribute('aria-rowcount'), `${count + 4 + 1}`);
    t.ok((await rows.count()) < 60, 'only those in sight are in the document');
    await first('Line 0');
    t.equal(await rows.first().getAttribute('data-tone'), 'bad', 'those in trouble stand first');
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      t.strictSame(await violations(page), [], colorScheme);
    }
    await table.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await page.getByTestId(`fleet-row-line-${count - 1}`).waitFor();

    await page.getByTestId('fleet-health-bad').click();
    await page.getByTestId('fleet-search').fill('line fast');
    await page.waitForURL(/q=line/);
    await page.getByTestId('fleet-site').click();
    await page.getByRole('option', { name: 'Hall 2' }).click();
    await page.getByTestId('fleet-health-bad').getByText('100', { exact: true }).waitFor();
    await table.getByRole('button', { name: 'Device' }).click();
    await first('Line 10');
    await table.getByRole('button', { name: 'Device' }).click();
    await first('Line 2980');
    await page.reload();
    await first('Line 2980');
    t.equal(
      await page.getByTestId('fleet-search').inputValue(),
      'line fast',
      'the address says what is shown',
    );

    await rows.first().click({ position: { x: 5, y: 25 } });
    await page.getByRole('dialog').getByText('Line 2980').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await first('Line 2980');

    const read = page.waitForResponse(/\/devices\?ids=line-2980$/);
    await page.evaluate(() =>
      fetch('/api/v1/devices/line-2980/labels', {
        method: 'PUT',
        headers: { 'content-type': 'application/json', 'x-lineside-csrf': '1' },
        body: JSON.stringify({ site: 'Hall 1', tags: ['fast'] }),
      }),
    );
    await first('Line 2950');
    t.equal((await (await read).json()).items.length, 1, 'of thousands the one that changed is read');

    await page.getByTestId('fleet-search').fill('no such line');
    await page.getByRole('button', { name: 'Show all' }).click();
    await page.getByTestId('fleet-view').getByText('Cards').click();
    const cards = page.locator('button[data-testid^=device-line-]');
    await cards.first().waitFor();
    const before = await cards.count();
    t.ok(before < 60, 'cards come so many at a time');
    await page.getByRole('button', { name: 'Show more' }).click();
    await cards.nth(before).waitFor();
    t.equal(new URL(page.url()).origin, new URL(apiUrl).origin);
    t.strictSame(complaints, []);
  },
);

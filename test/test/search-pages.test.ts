import t from 'tap';
import { checkedContext, violations } from '../src/system/accessibility.js';
import { needsChromium } from '../src/system/browser.js';
import { filledServer } from '../src/system/filled-server.js';
import { signedInPage } from '../src/system/signed-in-page.js';

t.test(
  'the audit log by words and times, frames by time and metadata',
  { timeout: 300_000, ...needsChromium },
  async (t) => {
    const server = await filledServer(t, 240);
    const { page, complaints } = await signedInPage(t, server.ready.signInUrl, checkedContext);
    const { apiUrl } = server.ready;
    const headers = { 'x-lineside-csrf': '1' };
    const site = { timeZone: 'Europe/Berlin', approvals: null };
    for (const name of ['Hall 1', 'Hall 2'])
      t.ok((await page.request.put(`${apiUrl}/api/v1/sites/${name}`, { headers, data: site })).ok());

    await page.goto(`${apiUrl}/audit`);
    const entries = page.getByTestId('audit-entry');
    await entries.nth(2).waitFor();
    await page.getByTestId('audit-search').fill('site hall 2');
    await page.waitForURL(/text=site/);
    await entries.nth(1).waitFor({ state: 'detached' });
    t.match(await entries.first().textContent(), /admin@localhost.*Hall 2/);
    await page.reload();
    await entries.first().waitFor();
    t.equal(await entries.count(), 1, 'the address says what is shown');
    await page.getByTestId('time-until').fill('2020-01-01T06:00');
    await page.getByText('No such entry').waitFor();
    t.strictSame(await violations(page), []);
    await page.getByRole('button', { name: 'Show all' }).click();
    await entries.nth(2).waitFor();

    await page.getByRole('link', { name: 'Dataset' }).click();
    const count = page.getByTestId('frame-count');
    await count.getByText('240 frames').waitFor();
    await page.getByTestId('toggle-slices').click();
    await page.getByTestId('filter-slice-truth=dent').click();
    await count.getByText('40 frames').waitFor();
    await page.waitForURL(/slice=truth/);
    // One frame a minute up to now: an hour of every sixth.
    const hourAgo = await page.evaluate(() => {
      const at = new Date(Date.now() - 60 * 60_000);
      return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
    });
    await page.getByTestId('time-from').fill(hourAgo);
    await count.getByText(/^(9|10|11) frames$/).waitFor();
    t.strictSame(await violations(page), []);
    await page.reload();
    await count.getByText(/^(9|10|11) frames$/).waitFor();
    await page.getByTestId('filter-slice-truth=dent').click();
    await count.getByText(/^(59|60|61) frames$/).waitFor();

    const plant = { timeZone: 'Asia/Tokyo' };
    t.ok((await page.request.put(`${apiUrl}/api/v1/plant`, { headers, data: plant })).ok());
    const { items } = await (await page.request.get(`${apiUrl}/api/v1/audit?action=plant.set`)).json();
    const there = new Intl.DateTimeFormat('en-GB', {
      ...plant,
      dateStyle: 'medium',
      timeStyle: 'short',
    }).format(new Date(items[0].at));
    await page.goto(`${apiUrl}/audit?text=plant.set`);
    await entries.first().getByText(there, { exact: true }).waitFor();
    await page.goto(`${apiUrl}/people`);
    await page.getByTestId('plant-zone').click();
    const anew = page.waitForEvent('load');
    await page.getByRole('option', { name: 'That of whoever looks' }).click();
    await anew;
    await page.goto(`${apiUrl}/audit?text=plant.set`);
    await entries.nth(1).waitFor();
    t.equal(
      await entries.first().getByText(there, { exact: true }).count(),
      0,
      'the zone of the browser again',
    );
    t.strictSame(complaints, []);
  },
);

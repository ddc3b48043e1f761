import { readFile } from 'node:fs/promises';
import { engines } from '@lineside/fleet-server/testing/engines';
import { enrol, newCsr } from '@lineside/fleet-server/testing/test-device';
import { startTestServer } from '@lineside/fleet-server/testing/test-server';
import t from 'tap';
import { checkedContext, violations } from '../src/system/accessibility.js';
import { needsChromium } from '../src/system/browser.js';
import { signedInPage } from '../src/system/signed-in-page.js';

t.test(
  'a list of devices is pasted, put right, and its tokens are taken away as a file and on paper',
  { timeout: 180_000, ...needsChromium },
  async (t) => {
    const server = await startTestServer(t, engines[0]!);
    const { page, complaints } = await signedInPage(t, await server.invite('admin'), async (browser) => {
      const context = await checkedContext(browser);
      await context.addInitScript('window.print = () => {}');
      return context;
    });
    await page.getByTestId('add-device-list').first().click();

    const list = page.getByTestId('list-text');
    await list.fill('name,site,tags\nline-1-infeed,Hall 4,fast|new\nline 2,Hall 4,\nline-1-infeed,,');
    const preview = page.getByTestId('list-preview');
    await preview.getByText('2 lines have to be put right first.').waitFor();
    await preview.getByText('The name is in line 2 already.').waitFor();
    t.ok(await page.getByTestId('list-create').isDisabled());
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      t.strictSame(await violations(page), [], colorScheme);
    }
    await page.locator('input[type=file]').setInputFiles({
      ...{ name: 'devices.csv', mimeType: 'text/csv' },
      buffer: Buffer.from('name,site,tags\r\nline-1-infeed,Hall 4,fast|new\r\nline-2-infeed,,\r\n'),
    });
    await preview.getByText('2 devices, nothing is wrong.').waitFor();
    await page.getByTestId('list-create').click();

    const downloading = page.waitForEvent('download');
    await page.getByTestId('tokens-download').click();
    const file = await downloading;
    t.equal(file.suggestedFilename(), 'lineside-claim-tokens.csv');
    const [head, first = '', second = '', ...more] = (await readFile(await file.path(), 'utf8')).split('\n');
    t.equal(head, 'name,enrol_url,claim_token,until');
    t.match(second, /^line-2-infeed,/);
    t.same(more, []);
    await page.keyboard.press('Escape');
    await page.getByTestId('tokens-print').click();
    await page.emulateMedia({ media: 'print' });
    const sheet = page.getByTestId('print-sheet');
    await sheet.locator('b', { hasText: 'line-2-infeed' }).waitFor();
    t.equal(await sheet.locator('svg').count(), 2);
    t.notOk(await page.getByTestId('tokens-done').isVisible(), 'nothing but the labels is on paper');
    await page.emulateMedia({ media: 'screen' });
    await page.evaluate(`window.dispatchEvent(new Event('afterprint'))`);
    await sheet.waitFor({ state: 'detached' });
    await page.getByTestId('tokens-done').click();

    const [, enrolUrl = '', token = ''] = first.split(',');
    const { csrPem } = await newCsr();
    t.equal((await enrol(enrolUrl, token, csrPem)).status, 201);
    await page.getByText('line-1-infeed').first().waitFor();
    t.match((await server.admin.get('/devices')).body, {
      items: [{ name: 'line-1-infeed', site: 'Hall 4', tags: ['fast', 'new'] }],
    });
    t.strictSame(complaints, [], 'the page raised no error');
  },
);

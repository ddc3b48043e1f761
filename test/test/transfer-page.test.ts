import { createExchangeBackground } from '@lineside/fleet-server/features/exchange/background';
import { engines } from '@lineside/fleet-server/testing/engines';
import { picture } from '@lineside/fleet-server/testing/test-device';
import { startTestServer } from '@lineside/fleet-server/testing/test-server';
import { zipOf } from '@lineside/fleet-server/testing/zip';
import t from 'tap';
import { needsChromium } from '../src/system/browser.js';
import { signedInPage, tablet } from '../src/system/signed-in-page.js';

t.test(
  'an archive is uploaded, its classes are chosen, it goes in, and an export is fetched',
  { timeout: 240_000, ...needsChromium },
  async (t) => {
    const server = await startTestServer(t, engines[0]!);
    const background = createExchangeBackground(server.services);
    await background.start();
    t.teardown(() => background.stop());
    await server.admin.post('/classes', { name: 'Good' });
    const { page, complaints } = await signedInPage(t, await server.invite('engineer'), tablet);
    const go = (path: string) => page.goto(new URL(path, server.apiUrl).href);

    await go('/data');
    await page.waitForURL((url) => url.pathname === '/dataset/transfer');
    await page.getByText('Nothing has come in or gone out yet').waitFor();
    const buffer = await zipOf({
      'good/a.png': await picture('png'),
      'good/b.png': await picture('png'),
      'dent/c.png': await picture('png'),
      'dent/broken.png': 'no picture',
    });
    await page
      .locator('input[type=file]')
      .first()
      .setInputFiles({ name: 'line 4.zip', mimeType: 'application/zip', buffer });
    await page.getByTestId('import-start-upload').click();
    const card = page.getByTestId('transfer-1');
    await card.getByText('Waiting for your choice').waitFor();
    await card.getByText('4 pictures').waitFor();
    t.equal(await card.getByLabel('Class for good').first().inputValue(), 'Good', 'known by its name');
    t.equal(await card.getByLabel('Class for dent').first().inputValue(), 'A new class');
    await page.getByTestId('import-take-in').click();
    await card.getByText('3 new frames').waitFor();
    await card.getByText('Done').waitFor();
    t.match((await server.admin.get('/classes')).body, {
      items: [{ id: 'good' }, { id: 'dent', labels: 1 }],
    });
    const report = page.waitForEvent('download');
    await page.getByTestId('report-1').click();
    t.equal((await report).suggestedFilename(), 'import-1-report.csv');

    await page.getByTestId('export-start').click();
    await page.getByTestId('transfer-2').getByText('Done').waitFor();
    const archive = page.waitForEvent('download');
    await page.getByTestId('download-2').click();
    t.equal((await archive).suggestedFilename(), 'lineside-labelled-coco.zip');
    await page.getByTestId('rule-add').click();
    await page.getByLabel('Fits').fill('import-*/{class}/*');
    await page.getByTestId('rules-try').click();
    const tried = page.getByTestId('rules-tried');
    await tried.getByText('Tried on the newest 3 frames').waitFor();
    await tried
      .getByText(/import-1\/.*png/)
      .first()
      .waitFor();
    await page.getByTestId('rules-save-all').click();
    await page.getByText('1 rule on.').waitFor();
    t.match((await server.admin.get('/frame-rules')).body, {
      ...{ revision: 1, rules: [{ pattern: 'import-*/{class}/*', action: { kind: 'label' } }] },
    });
    t.strictSame(complaints, [], 'the page raised no error');
  },
);

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import t from 'tap';
import { startAgent } from '../src/system/agent.js';
import { ApiClient } from '../src/system/api-client.js';
import { launchBrowser, needsChromium } from '../src/system/browser.js';
import { messageFrom } from '../src/system/child.js';
import { freePort } from '../src/system/free-port.js';
import { startServer } from '../src/system/server.js';

const pin = '246810';

/** Shown pictures that differ: the canvas says which frame it holds. */
async function picturesChange(page: Page): Promise<void> {
  const shown = page.locator('#picture[data-sequence]');
  await shown.waitFor({ timeout: 60_000 });
  const first = await shown.getAttribute('data-sequence');
  await page.locator(`#picture[data-sequence]:not([data-sequence="${first}"])`).waitFor({ timeout: 60_000 });
}

t.test(
  'on the box: the picture moves, what is wrong is told, and orders need the PIN',
  { timeout: 300_000, ...needsChromium },
  async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'lineside-local-page-'));
    const ports = { api: await freePort(), device: await freePort(), mqtt: await freePort() };
    const server = await startServer({ dataDir: join(dir, 'server'), ports });
    const api = new ApiClient(server.ready.apiUrl);
    await api.signInByLink(server.ready.signInUrl ?? '');
    for (const name of ['good', 'crack']) await api.createClass(name);
    const { token, enrolUrl } = await api.createClaimToken('press-3');
    const http = { port: await freePort(), pin };
    const agent = await startAgent({
      name: 'press-3',
      dir: join(dir, 'agent'),
      claimToken: token,
      enrolUrl,
      settings: {
        http,
        cameras: [
          { id: 'top', source: { kind: 'synthetic', framesPerSecond: 3 } },
          { id: 'gate', source: { kind: 'folder', path: join(dir, 'absent'), mode: 'once' } },
        ],
      },
    });
    const browser = await launchBrowser();
    await messageFrom(agent, 'ready', 120_000);
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(60_000);
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
      if (new URL(request.url()).port !== String(http.port)) complaints.push(`asked for ${request.url()}`);
    });
    try {
      await page.goto(`http://127.0.0.1:${http.port}/`);
      await page.getByRole('heading', { name: 'press-3' }).waitFor();
      await picturesChange(page);
      t.not(await page.getByTestId('verdict-class').textContent(), '', 'a decision is shown');
      await page.getByTestId('flagged').locator('img').first().waitFor();
      await page.getByTestId('alarms').locator('[data-code=capture_failed]').waitFor();
      t.match(await page.getByTestId('alarms').textContent(), /gate: Camera failed/);

      await page.getByTestId('view-setup').click();
      await page.locator('#focus', { hasText: /\d/ }).waitFor();
      t.match(await page.locator('#light-word').textContent(), /mean \d+ of 255/);
      await page.getByRole('button', { name: 'Live' }).click();

      t.notOk(await page.getByRole('button', { name: 'Restart camera' }).isVisible(), 'it only shows');
      await page.getByRole('button', { name: 'Unlock' }).click();
      await page.getByLabel('PIN', { exact: true }).fill('999999');
      await page.locator('#pin-form').getByRole('button', { name: 'Unlock' }).click();
      await page.getByText('The PIN is wrong.').waitFor();
      await page.getByLabel('PIN', { exact: true }).fill(pin);
      await page.locator('#pin-form').getByRole('button', { name: 'Unlock' }).click();
      await page.getByRole('button', { name: 'Hold updates' }).click();
      await page.getByTestId('hold').getByText('Updates are held until').waitFor();
      await page.getByRole('button', { name: 'Release updates' }).click();
      await page.getByTestId('hold').waitFor({ state: 'hidden' });
      await page.getByRole('button', { name: 'Send next frame' }).click();
      await page.getByTestId('flagged').getByText('asked for').first().waitFor();
      await page.getByRole('button', { name: 'Restart camera' }).click();
      await page.getByText('The camera starts anew').waitFor();
      await picturesChange(page);
      await page.getByRole('button', { name: 'Lock' }).click();
      await page.getByRole('button', { name: 'Unlock' }).waitFor();

      await page.setViewportSize({ width: 390, height: 844 });
      const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      t.ok(Number(overflow) <= 0, 'nothing is cut off on a phone');
      t.strictSame(complaints, [], 'no error, and nothing from elsewhere');
      await page.close();
    } catch (error) {
      await page.screenshot({ path: join(dir, 'failed.png') });
      t.comment(`screenshot and logs are in ${dir}`);
      throw error;
    } finally {
      await browser.close();
      await agent.stop();
      await server.stop();
    }
    await rm(dir, { recursive: true, force: true });
  },
);

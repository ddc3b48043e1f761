import { join } from 'node:path';
import { oneAnswerEach } from '@lineside/fleet-server/testing/opinions';
import type { Page } from 'playwright-core';
import { ApiClient } from '../../system/api-client.js';
import { chromiumBinary, launchBrowser } from '../../system/browser.js';
import { freePort } from '../../system/free-port.js';
import { Labeller } from '../../system/labeller.js';
import { type RunningServer, startServer } from '../../system/server.js';
import { signInByLink } from '../../system/signed-in-page.js';
import { percentile } from '../percentile.js';
import { type Bench, type BenchResult, rounded } from '../report.js';
import { firstPage } from './first-page.js';
import { keyToPaint } from './key-to-paint.js';
import { emptyScrollTimes, scrollTimes } from './scroll.js';
import { accountFor, workShift } from './shift.js';
import { storeFrames } from './stored-frames.js';

const usual = { storedFrames: 100_000, shiftFrames: 150 };
const restarts = 3;
/** How long a practised person looks at a frame: 1,500 an hour are 2.4 s each. */
const thinkMs = () => 2000 + 400 * Math.random();
const emailOf = (role: Role) => `${role}@shift.example`;
type Role = 'engineer' | 'operator';

const spread = (values: readonly number[]) => ({
  median: rounded(percentile(values, 0.5)),
  p95: rounded(percentile(values, 0.95)),
});

export const consoleBench: Bench = {
  summary:
    'console on 100,000 stored frames: first paint, key to next frame, scroll of the dataset, a shift with three kills; --frames, --shift',
  async run({ workDir, say, options }) {
    const result: BenchResult = { figures: {}, references: {}, ratios: {}, skipped: [], ok: true };
    if (!chromiumBinary()) return { ...result, skipped: ['Chromium: npm run setup:system'] };
    const count = Number(options.frames ?? usual.storedFrames);
    const shiftFrames = Number(options.shift ?? usual.shiftFrames);
    const dataDir = join(workDir, 'server');
    await storeFrames({ dataDir, count, nowMs: Date.now() }, say);
    const ports = { api: await freePort(), device: await freePort(), mqtt: await freePort() };
    const start = () => startServer({ dataDir, ports });
    let server = await start();
    const browser = await launchBrowser();
    const { figures, references, ratios } = result;
    try {
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      const signIn = await addPeople(server);
      await signInByLink(page, signIn('engineer'));

      const first = await firstPage(page.context(), `${server.ready.apiUrl}/`);
      say(
        `first page: painted after ${rounded(first.paintMs)} ms, devices after ${rounded(first.readyMs)} ms, ` +
          `${rounded(first.gzipBytes / 1024)} KiB through gzip`,
      );
      Object.assign(figures, {
        firstContentfulPaintMs: rounded(first.paintMs),
        firstPageReadyMs: rounded(first.readyMs),
        firstPageGzipBytes: first.gzipBytes,
      });

      const painted = spread(await measureKeys(page, server.ready.apiUrl));
      say(`key to next frame: median ${painted.median}, p95 ${painted.p95} ms`);
      Object.assign(figures, { keyToPaintMedianMs: painted.median, keyToPaintP95Ms: painted.p95 });

      const { heightPx, scrolled, empty } = await measureScroll(page, server.ready.apiUrl);
      say(
        `scroll of ${heightPx} pixels: median ${scrolled.median}, p95 ${scrolled.p95} ms; empty p95 ${empty.p95} ms`,
      );
      Object.assign(figures, {
        scrollFrameMedianMs: scrolled.median,
        scrollFrameP95Ms: scrolled.p95,
        scrolledPixels: heightPx,
      });
      Object.assign(references, {
        emptyScrollFrameMedianMs: empty.median,
        emptyScrollFrameP95Ms: empty.p95,
      });
      ratios.scrollFrameP95ToEmpty = rounded(scrolled.p95 / empty.p95);
      await page.close();

      const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
      const labeller = await Labeller.open(await context.newPage(), signIn('operator'));
      const shift = await workShift(labeller, {
        ...{ frames: shiftFrames, restarts, thinkMs },
        async restart() {
          await server.kill();
          const killedMs = performance.now();
          server = await start();
          say(`killed and listening again after ${rounded((performance.now() - killedMs) / 1000)} s`);
        },
      });
      const perHour = shiftFrames / (shift.elapsedMs / 3_600_000);
      await browser.close();
      await server.stop();
      const account = await accountFor({ dataDir, author: emailOf('operator') }, labeller.pressed);
      say(`shift: ${Math.round(perHour)} labels an hour, ${JSON.stringify(account)}`);
      Object.assign(figures, {
        shiftLabelsPerHour: Math.round(perHour),
        shiftLongestWaitMs: rounded(Math.max(...shift.waitsMs)),
        shiftRestarts: shift.restarted,
        shiftLostLabels: account.lost,
        shiftDoubleLabels: account.double + account.unasked,
        shiftWrongLabels: account.wrong,
      });
      result.ok = Object.values(account).every((count) => count === 0);
    } finally {
      await browser.close();
      await server.stop();
    }
    return result;
  },
};

/** Adds an engineer and an operator, and turns off what would ask for a frame twice. @returns their sign-in links */
async function addPeople(server: RunningServer): Promise<(role: Role) => string> {
  const { apiUrl, signInUrl } = server.ready;
  const api = new ApiClient(apiUrl);
  await api.signInByLink(signInUrl ?? '');
  await api.request('PUT', '/label-quality/settings', oneAnswerEach);
  const links = new Map<Role, string>();
  for (const role of ['engineer', 'operator'] as const) {
    const person = { email: emailOf(role), name: role, role };
    const { signInPath } = await api.request<{ signInPath: string }>('POST', '/users', person);
    links.set(role, new URL(signInPath, apiUrl).href);
  }
  return (role) => links.get(role) ?? '';
}

async function measureKeys(page: Page, apiUrl: string): Promise<number[]> {
  await page.goto(`${apiUrl}/review`);
  await page.locator('[data-testid=review-frame][data-state=shown]').waitFor();
  await page.waitForTimeout(2000);
  return keyToPaint(page);
}

async function measureScroll(page: Page, apiUrl: string) {
  await page.goto(`${apiUrl}/dataset`);
  await page.getByTestId('tile').first().waitFor();
  await page.waitForTimeout(3000);
  const grid = '[data-testid=frame-grid]';
  const heightPx = await page.locator(grid).evaluate((element) => element.scrollHeight);
  const scrolled = spread(await scrollTimes(page, grid));
  return { heightPx, scrolled, empty: spread(await emptyScrollTimes(page, heightPx)) };
}

/// <reference lib="dom" />

import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { chromiumBinary, launchBrowser } from '../../system/browser.js';
import { startServer } from '../../system/server.js';
import { percentile } from '../percentile.js';
import { type Bench, type BenchResult, rounded } from '../report.js';
import { storeFrames } from './stored-frames.js';

const storedFrames = 100_000;
const answers = 60;
/** Between two answers, as a quick person gives them. */
const paceMs = 500;
/** The whole length of the grid in so many pictures of the screen. */
const scrollSteps = 1500;

/** From a key to the paint after the next frame is in the document, milliseconds by the page's clock. */
async function keyToPaint(page: Page): Promise<number[]> {
  await page.evaluate(() => {
    const times: number[] = [];
    Object.assign(window, { times });
    let pressed = 0;
    window.addEventListener('keydown', (event) => (pressed = event.timeStamp), { capture: true });
    const frame = document.querySelector('[data-testid=review-frame]');
    const seen = new MutationObserver(() => {
      if (!pressed || !frame?.querySelector('img')) return;
      const from = pressed;
      pressed = 0;
      // The second callback comes after the first has been painted.
      requestAnimationFrame(() => requestAnimationFrame(() => times.push(performance.now() - from)));
    });
    if (frame) seen.observe(frame, { subtree: true, childList: true, attributes: true });
  });
  for (let n = 0; n < answers; n++) {
    await page.keyboard.press(String(1 + (n % 6)));
    await page.waitForFunction((count) => (window as never as { times: number[] }).times.length > count, n);
    await page.waitForTimeout(paceMs);
  }
  return page.evaluate(() => (window as never as { times: number[] }).times);
}

/** Milliseconds between pictures of the screen while a scroller goes from its top to its end. */
const scrollTimes = (page: Page, selector: string): Promise<number[]> =>
  page.evaluate(
    ({ selector, steps }) =>
      new Promise<number[]>((resolve) => {
        const scroller = document.querySelector(selector) as HTMLElement;
        const length = scroller.scrollHeight - scroller.clientHeight;
        const times: number[] = [];
        let last = 0;
        let step = 0;
        const next = (now: number) => {
          if (last > 0) times.push(now - last);
          last = now;
          scroller.scrollTop = (length * step) / steps;
          if (step++ < steps) requestAnimationFrame(next);
          else resolve(times);
        };
        requestAnimationFrame(next);
      }),
    { selector, steps: scrollSteps },
  );

/** The same scroller of the same length with nothing in it: what the browser can do on this machine. */
async function emptyScrollTimes(page: Page, heightPx: number): Promise<number[]> {
  await page.setContent(
    `<div id="empty" style="height:90vh;overflow-y:auto"><div style="height:${heightPx}px"></div></div>`,
  );
  return scrollTimes(page, '#empty');
}

export const consoleBench: Bench = {
  summary: 'console on 100,000 stored frames: key to next frame, scroll of the dataset, first paint',
  async run({ workDir, say }) {
    const result: BenchResult = { figures: {}, references: {}, ratios: {}, skipped: [], ok: true };
    if (!chromiumBinary()) return { ...result, skipped: ['Chromium: npm run setup:system'] };
    const dataDir = join(workDir, 'server');
    await storeFrames({ dataDir, count: storedFrames, nowMs: Date.now() }, say);
    const server = await startServer({ dataDir });
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      const { apiUrl, signInUrl } = server.ready;
      await page.goto(signInUrl ?? '');
      await page.getByTestId('sign-in-link-button').click();
      await page.waitForURL((url) => !url.pathname.includes('sign-in'));

      await page.goto(`${apiUrl}/`);
      await page.waitForLoadState('networkidle');
      const firstPaint = await page.evaluate(
        () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,
      );
      say(`first contentful paint ${rounded(firstPaint)} ms`);

      await page.goto(`${apiUrl}/review`);
      await page.locator('[data-testid=review-frame][data-state=shown]').waitFor();
      await page.waitForTimeout(2000);
      const painted = await keyToPaint(page);
      say(
        `key to next frame: median ${rounded(percentile(painted, 0.5))}, p95 ${rounded(percentile(painted, 0.95))} ms`,
      );

      await page.goto(`${apiUrl}/dataset`);
      await page.getByTestId('tile').first().waitFor();
      await page.waitForTimeout(3000);
      const grid = '[data-testid=frame-grid]';
      const height = await page.locator(grid).evaluate((element) => element.scrollHeight);
      const scrolled = await scrollTimes(page, grid);
      const empty = await emptyScrollTimes(page, height);
      say(
        `scroll of ${height} pixels: median ${rounded(percentile(scrolled, 0.5))}, ` +
          `p95 ${rounded(percentile(scrolled, 0.95))} ms; empty p95 ${rounded(percentile(empty, 0.95))} ms`,
      );
      Object.assign(result.figures, {
        firstContentfulPaintMs: rounded(firstPaint),
        keyToPaintMedianMs: rounded(percentile(painted, 0.5)),
        keyToPaintP95Ms: rounded(percentile(painted, 0.95)),
        scrollFrameMedianMs: rounded(percentile(scrolled, 0.5)),
        scrollFrameP95Ms: rounded(percentile(scrolled, 0.95)),
        scrolledPixels: height,
      });
      Object.assign(result.references, {
        emptyScrollFrameMedianMs: rounded(percentile(empty, 0.5)),
        emptyScrollFrameP95Ms: rounded(percentile(empty, 0.95)),
      });
      result.ratios.scrollFrameP95ToEmpty = rounded(percentile(scrolled, 0.95) / percentile(empty, 0.95));
    } finally {
      await browser.close();
      await server.stop();
    }
    return result;
  },
};

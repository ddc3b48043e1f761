/// <reference lib="dom" />

import type { Page } from 'playwright-core';

const answers = 60;
/** Between two answers, as a quick person gives them. */
const paceMs = 500;

/**
 * From a key to the paint that shows the next frame's picture, milliseconds by the page's clock. The review page is open
 * and shows a frame.
 */
export async function keyToPaint(page: Page): Promise<number[]> {
  await page.evaluate(() => {
    const times: number[] = [];
    Object.assign(window, { times });
    const stage = () => document.querySelector<HTMLElement>('[data-testid=review-frame]');
    let pressed: { atMs: number; frameId: string | undefined } | null = null;
    window.addEventListener(
      'keydown',
      (event) => {
        pressed = { atMs: event.timeStamp, frameId: stage()?.dataset.frameId };
      },
      { capture: true },
    );
    const painted = new MessageChannel();
    const waiting: number[] = [];
    painted.port1.onmessage = () => times.push(performance.now() - (waiting.shift() ?? 0));
    new MutationObserver(() => {
      const { frameId, state } = stage()?.dataset ?? {};
      if (!pressed || frameId === pressed.frameId || state !== 'shown' || !stage()?.querySelector('img'))
        return;
      waiting.push(pressed.atMs);
      pressed = null;
      // A message posted in an animation frame comes after its paint.
      requestAnimationFrame(() => painted.port2.postMessage(null));
    }).observe(document.body, { subtree: true, childList: true, attributes: true });
  });
  for (let n = 0; n < answers; n++) {
    await page.keyboard.press(String(1 + (n % 6)));
    await page.waitForFunction((count) => (window as never as { times: number[] }).times.length > count, n);
    await page.waitForTimeout(paceMs);
  }
  return page.evaluate(() => (window as never as { times: number[] }).times);
}

/// <reference lib="dom" />

import type { Page } from 'playwright-core';

/** The whole length of the grid in so many pictures of the screen. */
const steps = 1500;

/** Milliseconds between pictures of the screen while a scroller goes from its top to its end. */
export const scrollTimes = (page: Page, selector: string): Promise<number[]> =>
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
    { selector, steps },
  );

/** The same scroller of the same length with nothing in it: what the browser can do on this machine. */
export async function emptyScrollTimes(page: Page, heightPx: number): Promise<number[]> {
  await page.setContent(
    `<div id="empty" style="height:90vh;overflow-y:auto"><div style="height:${heightPx}px"></div></div>`,
  );
  return scrollTimes(page, '#empty');
}

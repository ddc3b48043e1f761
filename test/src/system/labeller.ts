/// <reference lib="dom" />

import type { Page } from 'playwright-core';
import { signInByLink } from './signed-in-page.js';
import { until } from './until.js';

/** What the review page has for a person: a frame whose picture can be seen, or nothing more to do. */
export type Shown = { frameId: string } | 'empty';

/** A person's keyboard at the review page, and what it was told. */
export class Labeller {
  /** Frame id → digit pressed for it, in the order of the presses. */
  readonly pressed: (readonly [frameId: string, digit: number])[] = [];

  constructor(readonly page: Page) {}

  /** Signs in by a one-time link and opens the queue. */
  static async open(page: Page, signInUrl: string): Promise<Labeller> {
    await signInByLink(page, signInUrl);
    await page.goto(new URL('/review', page.url()).href);
    return new Labeller(page);
  }

  get last(): string {
    return this.pressed.at(-1)?.[0] ?? '';
  }

  /** Waits for what follows the frame that was answered last. */
  next(): Promise<Shown> {
    return this.page.evaluate(
      (last) =>
        new Promise<Shown>((resolve) => {
          const look = () => {
            const frame = document.querySelector<HTMLElement>('[data-testid=review-frame]');
            const { frameId, state } = frame?.dataset ?? {};
            const found = frameId && frameId !== last && state === 'shown' ? { frameId } : null;
            const shown = found ?? (document.querySelector('[data-testid=queue-empty]') ? 'empty' : null);
            if (!shown) return;
            seen.disconnect();
            resolve(shown);
          };
          const seen = new MutationObserver(look);
          seen.observe(document.body, { subtree: true, childList: true, attributes: true });
          look();
        }),
      this.last,
    );
  }

  /** @param digit of the class, 1 for the first */
  async press(frameId: string, digit: number): Promise<void> {
    this.pressed.push([frameId, digit]);
    await this.page.keyboard.press(String(digit));
  }

  /** Waits until the server has taken every answer. */
  async settled(): Promise<void> {
    await until('the answers to be sent', () =>
      this.page.evaluate(() => !Object.keys(localStorage).some((key) => key.startsWith('lineside.review.'))),
    );
  }
}

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser, BrowserContext, Page } from 'playwright-core';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

interface Violation {
  id: string;
  impact: string;
  nodes: { html: string }[];
}

/** A context whose pages can be asked for their violations. */
export async function checkedContext(browser: Browser): Promise<BrowserContext> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
    // The test's own script; the pages allow none but theirs.
    bypassCSP: true,
  });
  await context.addInitScript({ content: await readFile(axe, 'utf8') });
  return context;
}

/** What a change of the theme has set going shows with the next frame. */
const settled = `new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))
  .then(() => Promise.allSettled(document.getAnimations()
    .filter((each) => each.effect?.getComputedTiming().iterations !== Infinity).map(({ finished }) => finished)))`;

/** What keeps people from using the page as it is: violations of WCAG 2.1 A and AA, serious or worse. */
export async function violations(page: Page): Promise<string[]> {
  // What is still fading in has too little contrast for a moment.
  await page.evaluate(`${settled}.then(() => null)`);
  const found: Violation[] = await page.evaluate(
    `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }).then(({ violations }) => violations)`,
  );
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 240)}`));
}

import type { CDPSession, Locator } from 'playwright-core';
import t from 'tap';
import { needsChromium } from '../src/system/browser.js';
import { filledServer } from '../src/system/filled-server.js';
import { signedInPage } from '../src/system/signed-in-page.js';
import { until } from '../src/system/until.js';

type Point = readonly [x: number, y: number];

/** Fingers on the glass, each from its first to its last point at once, in CSS pixels of the page. */
async function swipe(
  cdp: CDPSession,
  fingers: readonly { from: Point; to: Point }[],
  steps = 6,
): Promise<void> {
  const at = (share: number) =>
    fingers.map(({ from, to }, id) => ({
      id,
      x: from[0] + (to[0] - from[0]) * share,
      y: from[1] + (to[1] - from[1]) * share,
    }));
  await cdp.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: at(0) });
  for (let step = 1; step <= steps; step++) {
    await cdp.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: at(step / steps) });
  }
  await cdp.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
}

const middleOf = async (locator: Locator): Promise<Point> => {
  const { x, y, width, height } = (await locator.boundingBox())!;
  return [x + width / 2, y + height / 2];
};
const by = ([x, y]: Point, dx: number, dy: number): Point => [x + dx, y + dy];

t.test(
  'a shift by touch: answers, pinch, boxes drawn with a finger, tiles chosen by tap',
  { timeout: 300_000, ...needsChromium },
  async (t) => {
    const server = await filledServer(t, 200);
    const { page, complaints } = await signedInPage(t, server.ready.signInUrl, (browser) =>
      browser.newContext({ viewport: { width: 1280, height: 800 }, hasTouch: true }),
    );
    const cdp = await page.context().newCDPSession(page);
    await page.getByRole('link', { name: 'Review' }).tap();

    const stage = page.locator('[data-testid=review-frame][data-state=shown]');
    await stage.waitFor();
    const frameOf = () => stage.getAttribute('data-frame-id');
    const answer = page.locator('[data-testid^=class-button-]');
    /**
     * Again where it came too soon: the first tap after a flick only stops the flick, as everywhere in the browser,
     * and one on a frame that has just come may be the second half of a double tap.
     */
    const tapUntil = (what: string, button: Locator, done: () => Promise<boolean>) =>
      until(what, async () => {
        await button.tap();
        return until(what, done, { timeoutMs: 2000 }).catch(() => false);
      });
    const tapAway = async (button: Locator) => {
      const before = await frameOf();
      await tapUntil('the next frame', button, async () => (await frameOf()) !== before);
      await stage.waitFor();
      return before;
    };
    const answered = (frames: number) =>
      page.locator('[data-testid=mine-today]', { hasText: new RegExp(`^${frames}$`) }).waitFor();

    for (const button of [
      answer.first(),
      page.getByTestId('unsure'),
      page.getByTestId('skip'),
      page.getByTestId('undo'),
    ]) {
      const { width, height } = (await button.boundingBox())!;
      t.ok(width >= 44 && height >= 44, `${width} × ${height} is enough for a finger`);
    }

    const first = await tapAway(answer.nth(1));
    await answered(1);
    await page.getByTestId('undo').tap();
    await page.locator(`[data-testid=review-frame][data-frame-id="${first}"]`).waitFor();
    await tapAway(answer.nth(0));
    await answered(1);
    await tapAway(page.getByTestId('unsure'));
    await tapAway(page.getByTestId('skip'));

    const picture = stage.getByRole('img', { name: 'Frame to review' });
    const scale = () => picture.evaluate((element) => new DOMMatrix(getComputedStyle(element).transform).a);
    const place = () => picture.evaluate((element) => new DOMMatrix(getComputedStyle(element).transform).e);
    const middle = await middleOf(stage);
    t.equal(await scale(), 1);
    await swipe(cdp, [
      { from: by(middle, -40, 0), to: by(middle, -120, 0) },
      { from: by(middle, 40, 0), to: by(middle, 120, 0) },
    ]);
    await until('two fingers to zoom', async () => (await scale()) > 2);
    const zoomed = { scale: await scale(), place: await place() };
    await swipe(cdp, [{ from: middle, to: by(middle, 60, 0) }]);
    await until('one finger to move the picture', async () => (await place()) > zoomed.place + 30);
    await tapUntil(
      'the whole picture',
      page.getByRole('button', { name: 'Fit' }),
      async () => (await scale()) === 1,
    );

    await page.getByTestId('toggle-boxes').tap();
    await page.getByTestId('box-panel').waitFor();
    const boxes = page.getByTestId('box-row');
    await swipe(cdp, [{ from: by(middle, -100, -60), to: by(middle, 40, 60) }]);
    await boxes.waitFor();
    const words = () => boxes.first().locator('small').innerText();
    const drawn = await words();
    await swipe(cdp, [{ from: by(middle, -30, 0), to: by(middle, 20, 20) }]);
    await until('a finger to move the box', async () => (await words()) !== drawn);
    t.equal(await boxes.count(), 1);
    const moved = await words();
    await swipe(cdp, [
      { from: by(middle, -40, 0), to: by(middle, -80, 0) },
      { from: by(middle, 40, 0), to: by(middle, 80, 0) },
    ]);
    await until('two fingers to zoom while drawing', async () => (await scale()) > 1.5);
    t.equal(await boxes.count(), 1, 'a pinch draws nothing');
    t.equal(await words(), moved, 'and moves nothing');
    await page.getByTestId('boxes-done').tap();

    await page.goto(new URL('/dataset', server.ready.apiUrl).href);
    const tiles = page.getByTestId('tile');
    await tiles.nth(2).waitFor();
    await tiles.nth(0).tap();
    await tiles.nth(2).tap();
    await page.getByTestId('selection-bar').waitFor();
    t.equal(await page.locator('[data-testid=tile][aria-selected=true]').count(), 2);
    const top = await tiles.first().getAttribute('data-frame-id');
    const grid = await middleOf(tiles.nth(2));
    await swipe(cdp, [{ from: by(grid, 0, 200), to: by(grid, 0, -200) }], 12);
    await until('a finger to scroll the grid', async () => {
      const y = (await tiles.first().boundingBox())?.y;
      return y !== undefined && (y < 0 || (await tiles.first().getAttribute('data-frame-id')) !== top);
    });
    t.equal(await page.locator('[data-testid=selection-bar]').count(), 1, 'scrolling keeps what is chosen');
    t.strictSame(complaints, []);
  },
);

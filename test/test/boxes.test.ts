import type { Page } from 'playwright-core';
import t from 'tap';
import { needsChromium } from '../src/system/browser.js';
import { filledServer } from '../src/system/filled-server.js';
import { signedInPage } from '../src/system/signed-in-page.js';
import { until } from '../src/system/until.js';

interface Box {
  classId: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** What the API says, asked from the page that is signed in. */
const ask = <T>(page: Page, path: string): Promise<T> =>
  page.evaluate(async (url) => (await fetch(url)).json(), `/api/v1${path}`) as Promise<T>;

t.test(
  'boxes are drawn, moved by keys, copied on, sent with the answer, and look-alikes stand beside the frame',
  { timeout: 300_000, ...needsChromium },
  async (t) => {
    const server = await filledServer(t, 200);
    const { page, complaints } = await signedInPage(t, server.ready.signInUrl);
    await page.getByRole('link', { name: 'Review' }).click();

    const stage = page.locator('[data-testid=review-frame][data-state=shown]');
    const frameOf = async () => (await stage.getAttribute('data-frame-id')) ?? '';
    const stored = async (frameId: string) => {
      const { revisions } = await ask<{ revisions: { boxes: Box[] }[] }>(page, `/frames/${frameId}/boxes`);
      return { times: revisions.length, boxes: revisions.at(-1)?.boxes ?? [] };
    };
    const nextFrame = async (before: string) => {
      await page.locator(`[data-testid=review-frame]:not([data-frame-id="${before}"])`).waitFor();
      await stage.waitFor();
      return frameOf();
    };
    const answered = (frames: number) =>
      page.locator('[data-testid=mine-today]', { hasText: new RegExp(`^${frames}$`) }).waitFor();
    const rows = page.getByTestId('box-row');
    /** From one point of the stage to another, in pixels from its middle. */
    const stroke = async (from: [number, number], to: [number, number]) => {
      const { x, y, width, height } = (await stage.boundingBox())!;
      const [mx, my] = [x + width / 2, y + height / 2];
      await page.mouse.move(mx + from[0], my + from[1]);
      await page.mouse.down();
      await page.mouse.move(mx + to[0], my + to[1], { steps: 4 });
      await page.mouse.up();
    };
    const described = async () => {
      const words = await rows.nth(0).locator('small').innerText();
      const [width, height, x, y] = words.match(/\d+/g)!.map(Number);
      return { x, y, width, height };
    };

    await stage.waitFor();
    const first = await frameOf();
    await page.keyboard.press('b');
    await page.getByTestId('box-panel').waitFor();
    await page.keyboard.press('2');
    await stroke([-100, -60], [20, 40]);
    await rows.waitFor();
    const drawn = await described();
    t.ok(drawn.width! > 20 && drawn.height! > 20, 'a box as large as the stroke');

    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Shift+ArrowDown');
    await page.keyboard.press('Alt+ArrowLeft');
    await page.keyboard.press('Control+Shift+ArrowDown');
    const moved = {
      ...{ x: drawn.x! + 1, y: drawn.y! + 10 },
      ...{ width: drawn.width! - 1, height: drawn.height! + 10 },
    };
    t.strictSame(await described(), moved);
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Control+Shift+Z');
    t.strictSame(await described(), { ...drawn, x: moved.x, y: moved.y }, 'undo and redo');

    await stroke([-160, 80], [-120, 110]);
    t.equal(await rows.count(), 2);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    t.equal(await rows.nth(0).getAttribute('aria-pressed'), 'true', 'Tab goes through the boxes');
    await page.keyboard.press('1');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Delete');
    t.equal(await rows.count(), 1);

    await page.reload();
    await stage.waitFor();
    t.equal(await frameOf(), first, 'the frame is still there');
    t.equal(await page.getByTestId('box').count(), 1, 'and so is the draft');
    t.strictSame(await stored(first), { times: 0, boxes: [] });
    await page.keyboard.press('b');
    const sent = await described();

    await page.getByTestId('copy-boxes').click();
    await page.getByTestId('boxes-carried').waitFor();
    await page.keyboard.press('Enter');
    await page.getByTestId('box-panel').waitFor({ state: 'detached' });
    await page.keyboard.press('3');
    const second = await nextFrame(first);
    t.equal(await page.getByTestId('box').count(), 1, 'the next frame begins with the copies');
    await answered(1);
    const classes = await ask<{ items: { id: string }[] }>(page, '/classes');
    t.strictSame(await stored(first), { times: 1, boxes: [{ classId: classes.items[0]?.id, ...sent }] });

    await page.keyboard.press('Control+z');
    await page.locator(`[data-testid=review-frame][data-frame-id="${first}"]`).waitFor();
    t.equal(await page.getByTestId('box').count(), 1, 'an answer that is taken back gives its boxes back');
    await stage.waitFor();
    await page.keyboard.press('3');
    t.equal(await nextFrame(first), second);
    await answered(1);

    await page.getByTestId('toggle-boxes').click();
    await rows.nth(0).click();
    const before = await described();
    await page.mouse.move(0, 0);
    const { x, y, width, height } = (await page.locator('[data-handle=se]').boundingBox())!;
    await page.mouse.move(x + width / 2 + 7, y + height / 2 + 7);
    await page.mouse.down();
    await page.mouse.move(x + width / 2 + 47, y + height / 2 + 37, { steps: 3 });
    await page.mouse.up();
    const wider = await described();
    t.ok(wider.width! > before.width! && wider.height! > before.height!, 'a handle is as wide as a finger');
    t.strictSame([wider.x, wider.y], [before.x, before.y]);
    await page.getByTestId('boxes-done').click();

    const asked: string[] = [];
    page.on('request', (request) => {
      const [, id] = /frames\/([^/]+)\/neighbours/.exec(request.url()) ?? [];
      if (id) asked.push(id);
    });
    await page.keyboard.press('n');
    const alike = page.getByTestId('look-alikes');
    await alike.locator('figure b').first().waitFor();
    t.equal(await alike.locator('figure').count(), 6);
    t.match(await alike.locator('small').first().innerText(), /^\d+\s?%$/);
    await until('those of the next frame', async () => asked.length === 2);
    await page.keyboard.press('1');
    const third = await nextFrame(second);
    await alike.locator('figure b').first().waitFor();
    t.strictSame(asked.slice(0, 2), [second, third], 'those of the next frame are asked for before it comes');
    await page.keyboard.press('n');
    await alike.waitFor({ state: 'detached' });
    await answered(2);
    t.strictSame((await stored(second)).boxes, [{ classId: classes.items[0]?.id, ...wider }]);

    await page.goto(new URL(`/frames/${second}`, server.ready.apiUrl).href);
    await page.getByTestId('stored-boxes').waitFor();
    await page.goto(new URL(`/dataset?ids=${second}`, server.ready.apiUrl).href);
    await page.getByTestId('tile').first().dblclick();
    await page.getByTestId('frame-preview').getByTestId('stored-boxes').waitFor();
    t.strictSame(complaints, []);
  },
);

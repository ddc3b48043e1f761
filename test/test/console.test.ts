import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { partClasses } from '@lineside/agent/capture/synthetic/line';
import type { Page } from 'playwright-core';
import t from 'tap';
import { startPlant } from '../src/demo/plant.js';
import { launchBrowser, needsChromium } from '../src/system/browser.js';
import { signInByLink } from '../src/system/signed-in-page.js';
import { until } from '../src/system/until.js';

t.test(
  'sign in, label by keyboard, train, roll out, and a camera reports the new version',
  { timeout: 300_000, ...needsChromium },
  async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'lineside-console-'));
    const plant = await startPlant({ dir, cameras: 2, framesPerSecond: 5, wellKnownPorts: false });
    const browser = await launchBrowser();
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    try {
      await signInByLink(page, plant.signInUrl);
      const { api } = plant;
      if (!api) throw new Error('the plant is not new');
      await until('frames in the queue', async () => (await api.countFrames()).total >= 40, {
        timeoutMs: 120_000,
      });
      const truths = new Map<string, string>();
      for await (const frame of api.listFrames()) truths.set(frame.id, frame.metadata.truth ?? '');

      const answered = await labelByKeyboard(page, async (id) => {
        const known = truths.get(id);
        if (known) return known;
        for await (const frame of api.listFrames()) truths.set(frame.id, frame.metadata.truth ?? '');
        return truths.get(id) ?? '';
      });
      t.ok(answered >= 10, `${answered} frames were labelled by keyboard`);
      await until('the labels to be stored', async () => (await api.countFrames()).labelled === answered);

      await page.goto(new URL('/training', plant.server.ready.apiUrl).href);
      await page.getByTestId('training-mode').click();
      await page.getByRole('option', { name: 'Head only' }).click();
      const [strict] = await api.listClasses();
      await page.getByTestId('training-promises').click();
      await page.getByTestId(`promise-${strict?.id}`).click();
      await page.getByRole('option', { name: 'At most 1%' }).click();
      await page.getByRole('button', { name: 'Done' }).click();
      await page.getByTestId('training-promises').getByText('1 class has its own').waitFor();
      await page.getByTestId('start-training').click();
      await page.getByRole('link', { name: 'Run 1' }).click();
      await page.getByTestId('training-report').waitFor({ timeout: 120_000 });
      await page.locator('[data-testid=training-verdict][data-verdict=not-compared]').waitFor();
      await page.getByTestId('training-curve').waitFor();
      await page
        .getByTestId('promises')
        .getByRole('row', { name: `${strict?.name} 1.0%` })
        .waitFor();
      await page.getByTestId('threshold-words').getByText('95% interval').waitFor();
      await page.getByTestId('threshold-class').click();
      await page.getByRole('option', { name: strict?.name ?? '', exact: true }).click();
      const run = page.url().split('/').at(-1);
      const answers = `/api/v1/training/runs/${run}/answers?answered=${strict?.id}`;
      const { frames: taken } = (await (
        await page.request.get(new URL(answers, plant.server.ready.apiUrl).href)
      ).json()) as { frames: number };
      const seen = taken === 0 ? 'no frame for this class' : `${taken} frame`;
      await page.getByTestId('threshold-explorer').getByText(seen).waitFor();
      const cell = page.locator('a[data-testid^=confusion-]').first();
      const inCell = Number(await cell.textContent());
      await cell.click();
      await page.getByTestId('frame-count').getByText(`${inCell} frame`).waitFor();
      await page.goBack();
      await page.getByTestId('roll-out').click();
      await page.getByTestId('rollout-verdict').getByText('bootstrap model').waitFor();
      await page.getByTestId('rollout-strategy').getByText('All at once').click();
      await page.getByTestId('rollout-start').click();
      await page.locator('[data-testid=rollout-state][data-state=finished]').waitFor({ timeout: 120_000 });

      const [device] = await api.listDevices();
      const version = (await api.listModels()).find((model) => model.champion)?.id ?? '';
      await page.goto(plant.server.ready.apiUrl);
      await page.getByTestId(`device-model-${device?.id}`).getByText(version, { exact: true }).waitFor();
      t.equal(device?.reported?.model?.version, version, 'the camera says so itself');
      const { decision } = (await api.getModel(version)).manifest;
      t.match(decision, { alpha: 0.05, byClass: [{ classId: strict?.id, alpha: 0.01 }] });
      await page.getByTestId('fleet-view').getByText('Table').click();
      const row = page.getByTestId(`fleet-row-${device?.id}`);
      for (const stage of ['Captured', 'Inferred', 'Decided'])
        await row.getByRole('img', { name: `${stage}: well` }).waitFor();
      t.strictSame(complaints, [], 'the page raised no error');
      await page.close();
    } catch (error) {
      await page.screenshot({ path: join(dir, 'failed.png') });
      t.comment(`screenshot and logs are in ${dir}`);
      throw error;
    } finally {
      await browser.close();
      await plant.stop();
    }
    await rm(dir, { recursive: true, force: true });
  },
);

/** Presses the digit of each frame's class, until ten are done and two classes have two frames each. */
async function labelByKeyboard(page: Page, truthOf: (id: string) => Promise<string>): Promise<number> {
  await page.goto(new URL('/review', page.url()).href);
  const frame = page.locator('[data-testid=review-frame][data-state=shown]');
  const counts = new Map<string, number>();
  let answered = 0;
  let last = '';
  while (answered < 10 || [...counts.values()].filter((count) => count >= 2).length < 2) {
    if (answered > 60) throw new Error('the line shows one class only');
    const id = await until('the next frame', async () => {
      const now = await frame.getAttribute('data-frame-id', { timeout: 30_000 });
      return now !== last ? now : null;
    });
    last = id;
    const truth = await truthOf(id);
    counts.set(truth, (counts.get(truth) ?? 0) + 1);
    answered++;
    if (answered === 3) {
      // A slip, taken back: the frame comes again.
      await page.keyboard.press('1');
      await until('the frame after', async () => (await frame.getAttribute('data-frame-id')) !== id);
      await page.keyboard.press('Control+z');
      await until('the frame again', async () => (await frame.getAttribute('data-frame-id')) === id);
    }
    await page.keyboard.press(String(partClasses.indexOf(truth as (typeof partClasses)[number]) + 1));
  }
  await until('the last frame to go', async () => (await frame.getAttribute('data-frame-id')) !== last);
  return answered;
}

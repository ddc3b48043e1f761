import { frames, reviewItems } from '@lineside/fleet-server/db/schema';
import type { Role } from '@lineside/fleet-server/http/route';
import { engines } from '@lineside/fleet-server/testing/engines';
import { oneAnswerEach } from '@lineside/fleet-server/testing/opinions';
import { picture } from '@lineside/fleet-server/testing/test-device';
import { startTestServer, type TestServer } from '@lineside/fleet-server/testing/test-server';
import type { Page } from 'playwright-core';
import t from 'tap';
import { launchBrowser, needsChromium } from '../src/system/browser.js';
import { signInByLink } from '../src/system/signed-in-page.js';
import { until } from '../src/system/until.js';

const ids = [1, 2, 3].map((n) => `00000000-0000-7000-8000-00000000000${n}`);

async function addFrames({ services }: TestServer): Promise<void> {
  const { db } = services.database;
  for (const [sequence, id] of ids.entries()) {
    const { sha256, length } = await services.blobs.put(await picture('png', 64, 48));
    await db.insert(frames).values({
      ...{ id, deviceId: 'press', cameraId: 'cam', sequence, capturedAt: new Date(), width: 64, height: 48 },
      ...{ imageType: 'image/png', imageSha256: sha256, bytes: length, groupKey: id },
      reasons: [{ kind: 'audit' as const, score: 0.9 }],
    });
    await db
      .insert(reviewItems)
      .values({ frameId: id, priority: 0.9 - sequence / 10, reason: 'The camera was not sure' });
  }
}

/** Waits until the frame is on screen, and presses the key of its answer. */
async function answer(page: Page, id: string | undefined, key: string): Promise<void> {
  await page.locator(`[data-testid=review-frame][data-frame-id="${id}"][data-state=shown]`).waitFor();
  await page.keyboard.press(key);
}

t.test(
  'two operators differ, an engineer decides by a key, and the frame is in the dataset',
  { timeout: 240_000, ...needsChromium },
  async (t) => {
    let aheadMs = 0;
    const server = await startTestServer(t, engines[0]!, { now: () => Date.now() + aheadMs });
    await addFrames(server);
    const { admin } = server;
    for (const name of ['good', 'scratch']) await admin.post('/classes', { name, colour: '#009e73' });
    await admin.put('/label-quality/settings', { ...oneAnswerEach, secondOpinions: 1 });
    const browser = await launchBrowser();
    t.teardown(() => browser.close());
    const complaints: string[] = [];
    const enter = async (name: string, role: Role): Promise<Page> => {
      const link = await server.invite(role, { name, email: `${name}@example.com` });
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      page.on('pageerror', (error) => complaints.push(String(error)));
      await signInByLink(page, link);
      await page.getByRole('link', { name: 'Review' }).click();
      return page;
    };

    const ann = await enter('Ann', 'operator');
    for (const id of ids) await answer(ann, id, '1');
    await ann.getByTestId('queue-empty').waitFor();
    t.equal(await ann.getByTestId('review-queue-left').innerText(), '0', 'what others are asked is not hers');

    // Answers are sent behind the person, and the time until somebody else is asked counts from then.
    await until('the last answer', async () => {
      const { body } = await admin.get<{ labelled: number }>('/frames/count');
      return body.labelled === ids.length;
    });
    aheadMs += 601_000;
    const bob = await enter('Bob', 'operator');
    await answer(bob, ids[0], '1');
    await answer(bob, ids[1], '1');
    await bob.keyboard.press('Control+z');
    await answer(bob, ids[1], '2');
    await answer(bob, ids[2], '1');
    await bob.getByTestId('queue-empty').waitFor();
    t.equal(await bob.getByText('second opinion').count(), 0, 'he is not told');

    const dataset = async () => {
      const { body } = await admin.post<{ id: string; disputed: number }>('/datasets', {});
      const { body: page } = await admin.get<{ items: { frameId: string; classId: string }[] }>(
        `/datasets/${body.id}/items`,
      );
      return { disputed: body.disputed, items: page.items.map(({ frameId, classId }) => [frameId, classId]) };
    };
    await until('two opinions that differ', async () => {
      const { body } = await admin.get<{ disputed: number }>('/review/stats');
      return body.disputed === 1;
    });
    t.strictSame(await dataset(), {
      disputed: 1,
      items: [
        [ids[0], 'good'],
        [ids[2], 'good'],
      ],
    });

    const eve = await enter('Eve', 'engineer');
    await eve.getByTestId('to-disputes').click();
    await eve.getByTestId('disputes-left').getByText('1 frame').waitFor();
    await eve.getByTestId('opinion').nth(1).getByText('Bob').waitFor();
    t.match(await eve.getByTestId('opinion').allInnerTexts(), [/^good\s+Ann/, /^scratch\s+Bob/]);
    await answer(eve, ids[1], '1');
    await eve.getByTestId('no-disputes').waitFor();
    await eve.keyboard.press('Control+z');
    await answer(eve, ids[1], '2');
    await eve.getByTestId('no-disputes').waitFor();
    await until('the decision', async () => {
      const { body } = await admin.get<{ frame: { label: { classId: string; source: string } } }>(
        `/frames/${ids[1]}`,
      );
      return body.frame.label.source === 'adjudication' && body.frame.label.classId === 'scratch';
    });
    await eve.keyboard.press('k');
    await eve.getByText('It is a known answer now.').waitFor();
    await eve.getByRole('link', { name: 'To the queue' }).click();
    await eve.getByTestId('queue-empty').waitFor();
    t.strictSame(await dataset(), {
      disputed: 0,
      items: [
        [ids[0], 'good'],
        [ids[1], 'scratch'],
        [ids[2], 'good'],
      ],
    });

    await eve.getByRole('link', { name: 'Label quality' }).click();
    await eve.getByTestId('quality-agreed').getByText('67%').waitFor();
    await eve.getByTestId('quality-pairs').getByText('Ann and Bob').waitFor();
    t.match(await eve.getByTestId('quality-people').innerText(), /Ann[\s\S]*Bob[\s\S]*100%/);
    await eve.getByTestId('quality-people').getByRole('link', { name: '1 frame differs' }).first().click();
    await eve.locator(`[data-testid=tile][data-frame-id="${ids[1]}"]`).waitFor();
    t.equal(await eve.getByTestId('tile').count(), 1, 'the frame behind the figure');
    await eve.getByTestId('tile').click();
    await eve.getByTestId('mark-known').click();
    await eve.getByText('1 frame marked as known answer').waitFor();

    await ann.reload();
    await ann.getByTestId('taught').getByText('2 of them are in dataset v').waitFor();
    await ann.getByRole('link', { name: 'Label quality' }).click();
    const own = ann.getByTestId('quality-people');
    await own.getByText('67%').first().waitFor();
    t.notMatch(await own.innerText(), /Bob|differ/, 'an operator sees nobody else');
    t.strictSame(complaints, [], 'no page raised an error');
  },
);

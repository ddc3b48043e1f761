import t from 'tap';
import { needsChromium } from '../src/system/browser.js';
import { filledServer } from '../src/system/filled-server.js';
import { signedInPage } from '../src/system/signed-in-page.js';

t.test(
  'versions: what one holds, and what differs between two',
  { timeout: 300_000, ...needsChromium },
  async (t) => {
    const server = await filledServer(t, 1500);
    const { page, complaints } = await signedInPage(t, server.ready.signInUrl);
    const { apiUrl } = server.ready;
    await page.getByRole('link', { name: 'Dataset' }).waitFor();
    const api = async <T>(method: 'get' | 'post', path: string, data?: object): Promise<T> => {
      const answer = await page.request[method](`${apiUrl}/api/v1${path}`, {
        headers: { 'x-lineside-csrf': '1' },
        ...(data ? { data } : {}),
      });
      t.ok(answer.ok(), `${method} ${path}`);
      return answer.json() as Promise<T>;
    };
    interface Version {
      id: string;
      frames: number;
      classes: { id: string; train: number }[];
    }
    const first = await api<Version>('post', '/datasets', {});
    const { items } = await api<{ items: { frameId: string; classId: string; split: string }[] }>(
      'get',
      `/datasets/${first.id}/items?limit=500`,
    );
    const changed = items.filter(({ classId, split }) => classId === 'good' && split === 'train').slice(0, 3);
    await api('post', '/explorer/labels', {
      ...{ requestId: 'to-scratch-1', frameIds: changed.map(({ frameId }) => frameId), classId: 'scratch' },
    });
    const second = await api<Version>('post', '/datasets', {});

    await page.getByRole('link', { name: 'Dataset' }).click();
    await page.getByRole('link', { name: 'Versions' }).click();
    await page.getByTestId(`version-${second.id}`).getByRole('checkbox').click();
    await page.getByTestId(`version-${first.id}`).getByRole('checkbox').click();
    await page.getByTestId('compare-versions').click();
    await page.waitForURL(`**/dataset/versions/${first.id}/diff/${second.id}`);
    await page.getByTestId('change-relabelled').getByText('3', { exact: true }).waitFor();
    await page.getByTestId('change-relabelled').click();
    await page.waitForURL(/kind=relabelled/);
    await page.getByTestId('changes').getByRole('button').first().click();
    await page.waitForURL(/was=good&is=scratch/);
    await page.reload();
    await page.getByTestId('changed-frame').first().waitFor();
    t.equal(await page.getByTestId('changed-frame').count(), 3, 'the address says what is shown');

    await page.goto(`${apiUrl}/dataset/versions/${second.id}`);
    t.match(await page.getByTestId('version-hash').textContent(), /^[0-9a-f]{64}$/);
    const good = second.classes.find(({ id }) => id === 'good')?.train ?? 0;
    await page.getByTestId('balance-good-train').click();
    await page.getByTestId('frame-count').getByText(`${good} frames`, { exact: true }).waitFor();
    await page.getByText('Version 2, Train, good').waitFor();
    await page.goto(`${apiUrl}/dataset/versions/${second.id}`);
    await page.getByText('By device').click();
    await page.getByTestId('balance-good-device-0').click();
    await page.waitForURL(/deviceId=device-0/);
    await page.getByTestId('tile').first().waitFor();

    const tests = (
      await api<{ items: { frameId: string; split: string }[] }>(
        'get',
        `/datasets/${second.id}/items?limit=500`,
      )
    ).items;
    t.ok(tests.some(({ split }) => split === 'test'));
    await page.goto(`${apiUrl}/dataset/versions/${second.id}`);
    await page.locator('[data-testid=leaks][data-state=done]').waitFor({ timeout: 120_000 });
    await page.getByTestId('no-leaks').waitFor();
    await page.getByTestId('check-leaks').click();
    await page.locator('[data-testid=leaks][data-state=done]').waitFor({ timeout: 120_000 });
    t.strictSame(complaints, []);
  },
);

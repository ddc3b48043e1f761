import t from 'tap';
import { needsChromium } from '../src/system/browser.js';
import { filledServer } from '../src/system/filled-server.js';
import { signedInPage } from '../src/system/signed-in-page.js';
import { until } from '../src/system/until.js';

t.test(
  'two tabs of one person keep their unsent answers apart, and one sends what the other left behind',
  { timeout: 300_000, ...needsChromium },
  async (t) => {
    const server = await filledServer(t, 60);
    const { page: first, complaints } = await signedInPage(t, server.ready.signInUrl);
    const context = first.context();
    const { apiUrl } = server.ready;
    const answers = '**/api/v1/review/answers';
    const taken: string[] = [];
    context.on('response', (response) => {
      if (!response.url().endsWith('/review/answers') || !response.ok()) return;
      taken.push((response.request().postDataJSON() as { requestId: string }).requestId);
    });
    const labelled = async () => {
      const answer = await first.request.get(`${apiUrl}/api/v1/frames/count`);
      return ((await answer.json()) as { labelled: number }).labelled;
    };
    const before = await labelled();
    await context.route(answers, (route) => route.abort());
    const second = await context.newPage();
    second.on('pageerror', (error) => complaints.push(String(error)));
    const given: string[] = [];
    for (const page of [first, second]) {
      await page.goto(`${apiUrl}/review`);
      for (let n = 0; n < 2; n++) {
        const shown = page.locator(
          [
            '[data-testid=review-frame][data-state=shown]',
            ...given.map((id) => `:not([data-frame-id="${id}"])`),
          ].join(''),
        );
        await shown.waitFor();
        given.push((await shown.getAttribute('data-frame-id')) ?? '');
        await page.keyboard.press('1');
      }
      await page.getByTestId('review-offline').waitFor();
    }
    t.equal(new Set(given).size, 4);
    await second.close();
    await context.unroute(answers);
    await until('the answers of both tabs', async () => (await labelled()) === before + 4, {
      timeoutMs: 90_000,
    });
    await until('the replies to all four', () => taken.length >= 4);
    t.equal(new Set(taken).size, taken.length, 'none was sent twice');
    t.equal(taken.length, 4, 'and no other');
    const left = () => first.evaluate(() => Object.keys(localStorage).filter((key) => /review\./.test(key)));
    t.strictSame(await left(), [], 'nothing is kept any more');
    t.strictSame(complaints, []);
  },
);

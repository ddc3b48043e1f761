import t from 'tap';
import { checkedContext, violations } from '../src/system/accessibility.js';
import { needsChromium } from '../src/system/browser.js';
import { filledServer } from '../src/system/filled-server.js';
import { signedInPage } from '../src/system/signed-in-page.js';

t.test(
  'a person chooses German, every page follows, and it is so still after a reload',
  { timeout: 300_000, ...needsChromium },
  async (t) => {
    const server = await filledServer(t, 1_200);
    const { browser, page, complaints } = await signedInPage(t, server.ready.signInUrl, checkedContext);
    const { apiUrl } = server.ready;
    const language = () => page.locator('html').getAttribute('lang');

    await page.getByRole('link', { name: 'Label book' }).waitFor();
    t.equal(await language(), 'en');

    await page.getByTestId('user-menu').click();
    await page.getByTestId('language-de').click();
    await page.getByRole('link', { name: 'Labelbuch' }).waitFor();
    t.equal(await language(), 'de');

    await page.reload();
    for (const [path, heading] of [
      ['/dataset', 'Datensatz'],
      ['/training', 'Training'],
      ['/people', 'Personen'],
    ] as const) {
      await page.goto(`${apiUrl}${path}`);
      await page.getByRole('heading', { name: heading, level: 1 }).waitFor();
      t.equal(await language(), 'de', path);
      t.strictSame(await violations(page), [], path);
    }
    await page.request.post(`${apiUrl}/api/v1/classes`, {
      headers: { 'x-lineside-csrf': '1' },
      data: { name: 'Rost', colour: '#b04a2f' },
    });
    await page.goto(`${apiUrl}/label-book`);
    await page.getByTestId('class-changes').getByText('Rost kam hinzu').waitFor();
    await page.goto(`${apiUrl}/review`);
    await page
      .getByTestId('review-reason')
      .getByText(/nicht sicher|sieht aus wie|hin- und hergerissen|anders als|typisch für/)
      .waitFor();
    await page.goto(`${apiUrl}/dataset`);
    await page.getByTestId('frame-count').getByText('1.200 Bilder').waitFor();

    const stranger = await browser.newContext({ locale: 'de-AT' });
    const signIn = await stranger.newPage();
    await signIn.goto(`${apiUrl}/sign-in`);
    await signIn.getByLabel('Passwort', { exact: true }).waitFor();
    t.equal(await signIn.locator('html').getAttribute('lang'), 'de', 'the language of the browser');

    await page.getByTestId('user-menu').click();
    await page.getByTestId('language-en').click();
    await page.getByRole('heading', { name: 'Dataset', level: 1 }).waitFor();
    t.strictSame(complaints, []);
  },
);

import t from 'tap';
import { pathsOf, routes } from '../src/screenshots/routes.js';
import { storePictured } from '../src/screenshots/store.js';
import { checkedContext, violations } from '../src/system/accessibility.js';
import { launchBrowser, needsChromium } from '../src/system/browser.js';
import { filledServer } from '../src/system/filled-server.js';

/** Of somebody who is not signed in, or not yet. */
const before = ['/sign-in', '/second-factor'];

t.test(
  'no page keeps out people who see, hear or move differently',
  { timeout: 600_000, ...needsChromium },
  async (t) => {
    const server = await filledServer(t, storePictured);
    const browser = await launchBrowser();
    t.teardown(() => browser.close());
    const page = await (await checkedContext(browser)).newPage();
    const { apiUrl, signInUrl } = server.ready;
    await page.goto(signInUrl ?? '');
    await page.getByTestId('sign-in-link-button').waitFor();
    t.strictSame(await violations(page), [], 'sign-in');
    await page.getByTestId('sign-in-link-button').click();
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    const paths = await pathsOf(page.context(), apiUrl);
    const pages = (await routes()).filter((route) => !before.includes(route));
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      for (const route of pages) {
        const path = paths[route] ?? route;
        await page.goto(`${apiUrl}${path}`);
        await page.locator('#content h1, [data-testid=review-frame]').first().waitFor();
        await page.waitForFunction('document.querySelectorAll("#content [aria-label=Loading]").length === 0');
        t.strictSame(await violations(page), [], `${path}, ${colorScheme}`);
      }
    }
  },
);

import type { Browser, Page } from 'playwright-core';
import type { RunningServer } from '../system/server.js';
import { signInByLink } from '../system/signed-in-page.js';
import { pathsOf, routes, send } from './routes.js';
import { shownAt } from './store.js';

const password = 'correct horse battery';
const themes = ['light', 'dark'] as const;
/** A laptop at the line, and a 4K screen as most systems scale it. */
const sizes = [
  { name: '1280x800', viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1 },
  { name: '3840x2160', viewport: { width: 1920, height: 1080 }, deviceScaleFactor: 2 },
] as const;

/** What differs from run to run without a page being different. */
const covered = ['time', 'code', '[data-testid=second-factor-qr]'];

export interface Taken {
  /** `frames-frameId.dark.1280x800` */
  name: string;
  png: Buffer;
}

const nameOf = (route: string): string =>
  route.replace(/^\//, '').replaceAll('/', '-').replaceAll('$', '') || 'fleet';

/** A picture of every page of the router in both themes and sizes. The store is that of `storePictured`. */
export async function* takeAll(browser: Browser, server: RunningServer): AsyncGenerator<Taken> {
  const { apiUrl, signInUrl } = server.ready;
  const all = await routes();
  const signIn = all.indexOf('/sign-in');
  if (signIn >= 0) all.splice(signIn, 1);
  const stranger = await opened(browser);
  yield* picturesOf(stranger, '/sign-in', `${apiUrl}/sign-in`);
  await stranger.context().close();

  const page = await opened(browser);
  await signInByLink(page, signInUrl);
  await send(page.context(), 'put', `${apiUrl}/api/v1/auth/password`, { password });
  const paths = await pathsOf(page.context(), apiUrl);
  for (const route of all.filter((each) => each !== '/second-factor')) {
    const path = paths[route] ?? route;
    if (path.includes('$'))
      throw new Error(`no picture can be taken of ${route}: say in routes.ts where it is`);
    yield* picturesOf(page, route, `${apiUrl}${path}`);
  }
  await send(page.context(), 'put', `${apiUrl}/api/v1/sign-in-rules`, { secondFactorFor: ['admin'] });
  await page.context().close();
  const due = await opened(browser);
  await send(due.context(), 'post', `${apiUrl}/api/v1/auth/sign-in`, { email: 'admin@localhost', password });
  yield* picturesOf(due, '/second-factor', `${apiUrl}/second-factor`);
  await due.context().close();
}

async function opened(browser: Browser): Promise<Page> {
  const context = await browser.newContext({
    reducedMotion: 'reduce',
    timezoneId: 'UTC',
    locale: 'en-GB',
    bypassCSP: true,
  });
  const page = await context.newPage();
  await page.clock.setFixedTime(shownAt);
  return page;
}

async function* picturesOf(page: Page, route: string, url: string): AsyncGenerator<Taken> {
  for (const { name, viewport, deviceScaleFactor } of sizes) {
    await page.setViewportSize(viewport);
    const session = await page.context().newCDPSession(page);
    const metrics = { ...viewport, deviceScaleFactor, mobile: false };
    await session.send('Emulation.setDeviceMetricsOverride', metrics);
    await page.goto(url);
    await page.locator('h1, [data-testid=review-frame], form').first().waitFor();
    for (const colorScheme of themes) {
      await page.emulateMedia({ colorScheme });
      await settled(page);
      const png = await page.screenshot({
        ...{ animations: 'disabled', caret: 'hide', scale: 'device', type: 'png' },
        ...{ mask: covered.map((selector) => page.locator(selector)), maskColor: '#888888' },
      });
      yield { name: `${nameOf(route)}.${colorScheme}.${name}`, png };
    }
    await session.detach();
  }
}

/** Nothing is loading, and every picture on the screen is there. */
async function settled(page: Page): Promise<void> {
  await page.waitForFunction('document.querySelectorAll("[aria-label=Loading]").length === 0');
  await page.waitForLoadState('networkidle', { timeout: 5_000 }).catch(() => undefined);
  await page.waitForFunction(
    '[...document.images].every((image) => image.complete || image.loading === "lazy") && document.fonts.status === "loaded"',
  );
}

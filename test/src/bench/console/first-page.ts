import { gzipSync } from 'node:zlib';
import type { BrowserContext } from 'playwright-core';

export interface FirstPage {
  /** First contentful paint, milliseconds from the navigation. */
  paintMs: number;
  /** Until the devices can be seen, milliseconds. */
  readyMs: number;
  /** Scripts and styles that were asked for, each through gzip. */
  gzipBytes: number;
}

/** The fleet page for somebody who is signed in and whose browser has nothing of it yet. */
export async function firstPage(signedIn: BrowserContext, url: string): Promise<FirstPage> {
  const browser = signedIn.browser();
  if (!browser) throw new Error('the browser has gone');
  const context = await browser.newContext({
    ...{ storageState: await signedIn.storageState(), viewport: { width: 1280, height: 800 } },
  });
  const page = await context.newPage();
  const sizes: Promise<number>[] = [];
  page.on('response', (response) => {
    if (/\.(?:js|css)$/.test(new URL(response.url()).pathname))
      sizes.push(response.body().then((body) => gzipSync(body).length));
  });
  await page.goto(url);
  await page.locator('[data-testid^=device-model-]').first().waitFor();
  const { paintMs, readyMs } = await page.evaluate(() => ({
    paintMs: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
    readyMs: performance.now(),
  }));
  const gzipBytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  await context.close();
  return { paintMs, readyMs, gzipBytes };
}

import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { Test } from 'tap';
import { launchBrowser } from './browser.js';

export interface SignedIn {
  readonly browser: Browser;
  readonly page: Page;
  /** Errors that the page raised. */
  readonly complaints: string[];
}

const laptop = (browser: Browser) => browser.newContext({ viewport: { width: 1280, height: 800 } });

/** A tablet held upright. */
export const tablet = (browser: Browser) => browser.newContext({ viewport: { width: 800, height: 1280 } });

/** Follows a one-time link into the console. */
export async function signInByLink(page: Page, link: string | null): Promise<void> {
  await page.goto(link ?? '');
  await page.getByTestId('sign-in-link-button').click();
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
}

/** A page of somebody who came by a one-time link, in a browser that ends with the test. */
export async function signedInPage(
  t: Pick<Test, 'teardown'>,
  link: string | null,
  newContext: (browser: Browser) => Promise<BrowserContext> = laptop,
): Promise<SignedIn> {
  const browser = await launchBrowser();
  t.teardown(() => browser.close());
  return { browser, ...(await anotherSignedIn(browser, link, newContext)) };
}

/** The same in a browser that is there already; the context is one of its own. */
export async function anotherSignedIn(
  browser: Browser,
  link: string | null,
  newContext: (browser: Browser) => Promise<BrowserContext> = laptop,
): Promise<Omit<SignedIn, 'browser'>> {
  const page = await (await newContext(browser)).newPage();
  page.setDefaultTimeout(60_000);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  await signInByLink(page, link);
  return { page, complaints };
}

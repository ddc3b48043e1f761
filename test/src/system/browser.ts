import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const candidates = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Path of an installed Chromium; null when there is none. */
export const chromiumBinary = (): string | null => candidates.find((path) => existsSync(path)) ?? null;

/** Options of a test that needs a browser. */
export const needsChromium = chromiumBinary()
  ? {}
  : { skip: 'Chromium is not installed: npm run setup:system' };

/** A headless Chromium that reaches for nothing but the page it is given. */
export function launchBrowser(): Promise<Browser> {
  const executablePath = chromiumBinary();
  if (!executablePath) throw new Error('Chromium is not installed: npm run setup:system');
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

import { codeAt, stepMs } from '@lineside/fleet-server/testing/authenticator';
import { engines } from '@lineside/fleet-server/testing/engines';
import { startTestServer } from '@lineside/fleet-server/testing/test-server';
import type { Page } from 'playwright-core';
import t from 'tap';
import { checkedContext, violations } from '../src/system/accessibility.js';
import { launchBrowser, needsChromium } from '../src/system/browser.js';

const password = 'correct horse battery';

t.test(
  'a second factor is turned on, signs in by app and by recovery code, is demanded, reset and turned off',
  { timeout: 240_000, ...needsChromium },
  async (t) => {
    let aheadMs = 0;
    const now = () => Date.now() + aheadMs;
    const server = await startTestServer(t, engines[0]!, { now });
    await server.admin.put('/auth/password', { password });
    const another = await server.signIn('admin');
    const browser = await launchBrowser();
    t.teardown(() => browser.close());
    const complaints: string[] = [];
    const open = async (path: string): Promise<Page> => {
      const page = await (await checkedContext(browser)).newPage();
      page.setDefaultTimeout(30_000);
      page.on('pageerror', (error) => complaints.push(String(error)));
      await page.goto(new URL(path, server.apiUrl).href);
      return page;
    };
    const accessible = async (page: Page, what: string) => {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        t.strictSame(await violations(page), [], `${what}, ${colorScheme}`);
      }
    };
    /** From the password to the codes that are to be kept. */
    const setUp = async (page: Page): Promise<{ secret: string; codes: string[] }> => {
      await page.getByLabel('Your password').fill(password);
      await page.keyboard.press('Enter');
      const secret = await page.getByTestId('second-factor-secret').innerText();
      await page.getByTestId('second-factor-qr').waitFor();
      await accessible(page, 'the secret');
      await page.getByTestId('second-factor-code').fill(codeAt(secret, now() + 10 * stepMs));
      await page.keyboard.press('Enter');
      await page.getByText('second_factor_wrong').waitFor();
      await page.getByTestId('second-factor-code').fill(codeAt(secret, now()));
      await page.keyboard.press('Enter');
      const codes = (await page.getByTestId('recovery-codes').innerText()).split('\n');
      t.equal(codes.length, 10);
      await page.getByTestId('recovery-codes-kept').click();
      return { secret, codes };
    };
    const signIn = async (page: Page) => {
      await page.getByLabel('E-mail').fill('admin@localhost');
      await page.getByLabel('Password', { exact: true }).fill(password);
      await page.keyboard.press('Enter');
    };
    const signOut = async (page: Page) => {
      await page.getByTestId('user-menu').click();
      await page.getByTestId('sign-out').click();
    };
    const entered = (page: Page) => page.getByRole('navigation', { name: 'Main' }).waitFor();
    const openDialog = async (page: Page) => {
      await page.getByTestId('user-menu').click();
      await page.getByTestId('second-factor').click();
    };

    const page = await open('/people');
    await signIn(page);
    await entered(page);
    await openDialog(page);
    const { secret, codes } = await setUp(page);
    await page.getByRole('row', { name: 'admin@localhost' }).getByText('On', { exact: true }).waitFor();

    await signOut(page);
    await signIn(page);
    const code = page.getByTestId('second-factor-code');
    await code.fill('000000');
    await accessible(page, 'the code');
    await page.keyboard.press('Enter');
    await page.getByText('second_factor_wrong').waitFor();
    aheadMs += stepMs;
    await code.fill(codeAt(secret, now()));
    await page.keyboard.press('Enter');
    await entered(page);

    await signOut(page);
    await signIn(page);
    await page.getByText('Use a recovery code').click();
    await code.fill(codes[0]?.toLowerCase() ?? '');
    await page.keyboard.press('Enter');
    await entered(page);
    await openDialog(page);
    await page.getByText('9 of 10 recovery codes are left').waitFor();
    await page.keyboard.press('Escape');

    await page.goto(new URL('/people', server.apiUrl).href);
    await page.getByRole('switch', { name: 'Operators' }).click();
    await page.getByRole('switch', { name: 'Operators', checked: true, disabled: false }).waitFor();
    const { body } = await another.post<{ signInPath: string }>('/users', {
      ...{ email: 'operator@example.com', name: 'Olga', role: 'operator' },
    });
    const operator = await open(body.signInPath);
    await operator.getByTestId('sign-in-link-button').click();
    await operator.getByTestId('second-factor-due').waitFor();
    await operator.goto(new URL('/dataset', server.apiUrl).href);
    await operator.getByTestId('second-factor-due').waitFor();
    await operator.getByLabel('New password').fill(password);
    await accessible(operator, 'what is due');
    await operator.keyboard.press('Enter');
    await setUp(operator);
    await operator.waitForURL((url) => url.pathname === '/dataset');
    await entered(operator);

    await page.reload();
    await page.getByRole('button', { name: 'Change Olga' }).click();
    await page.getByRole('menuitem', { name: 'Reset second factor' }).click();
    await page.getByTestId('confirm').click();
    await page.getByRole('row', { name: 'operator@example.com' }).getByText('Off', { exact: true }).waitFor();
    await operator.reload();
    await operator.getByTestId('sign-in-button').waitFor();

    await openDialog(page);
    await page.getByTestId('second-factor-off').click();
    await page.getByLabel('Your password').fill(password);
    aheadMs += stepMs;
    await code.fill(codeAt(secret, now()));
    await page.keyboard.press('Enter');
    await page.getByText('Your second factor is off.').waitFor();
    await signOut(page);
    await signIn(page);
    await entered(page);
    t.strictSame(complaints, [], 'the pages raised no error');
  },
);

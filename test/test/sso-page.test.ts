import { engines } from '@lineside/fleet-server/testing/engines';
import { client, startIdentityProvider } from '@lineside/fleet-server/testing/identity-provider';
import { startTestServer } from '@lineside/fleet-server/testing/test-server';
import type { Page } from 'playwright-core';
import t from 'tap';
import { checkedContext, violations } from '../src/system/accessibility.js';
import { launchBrowser, needsChromium } from '../src/system/browser.js';

t.test(
  'people come in through the page of an OpenID provider, and learn why when they do not',
  { timeout: 240_000, ...needsChromium },
  async (t) => {
    const idp = await startIdentityProvider(t);
    const server = await startTestServer(t, engines[0]!, {
      config: {
        oidcIssuer: idp.issuer,
        oidcClientId: client.id,
        oidcClientSecret: client.secret,
        oidcLabel: 'Sign in with Works ID',
        oidcScopes: 'openid profile email groups',
        oidcRoles: ['operator=line', 'admin=it'],
      },
    });
    idp.serve(server.apiUrl);
    idp.accounts.set('ann', { email: 'ann@example.com', name: 'Ann', groups: ['line'] });
    idp.accounts.set('bob', { email: 'bob@example.com', name: 'Bob', groups: ['it'] });
    idp.accounts.set('eve', { email: 'eve@example.com', name: 'Eve', groups: [] });
    const browser = await launchBrowser();
    t.teardown(() => browser.close());
    const complaints: string[] = [];
    const open = async (path: string): Promise<Page> => {
      const page = await (await checkedContext(browser)).newPage();
      page.setDefaultTimeout(30_000);
      page.on('pageerror', (error) => {
        if (page.url().startsWith(server.apiUrl)) complaints.push(String(error));
      });
      await page.goto(new URL(path, server.apiUrl).href);
      return page;
    };
    /** The provider's own page. */
    const atProvider = async (page: Page, login: string) => {
      await page.waitForURL((url) => url.origin === idp.issuer);
      await page.locator('input[name=login]').fill(login);
      await page.locator('input[name=password]').fill('known to the provider');
      await page.keyboard.press('Enter');
    };
    const entered = (page: Page) => page.getByRole('navigation', { name: 'Main' }).waitFor();

    const { body } = await server.admin.post<{ signInPath: string }>('/users', {
      ...{ email: 'ann@example.com', name: 'Ann', role: 'viewer' },
    });
    const page = await open(body.signInPath);
    await page.getByTestId('sso-button').click();
    await atProvider(page, 'ann');
    await entered(page);
    t.equal(new URL(page.url()).origin, server.apiUrl);
    t.match((await server.admin.get('/users')).body, { items: [{}, { role: 'operator', sso: true }] });
    t.equal(await page.getByTestId('password-banner').count(), 0, 'she needs no password');
    await page.reload();
    await entered(page);

    await page.getByTestId('user-menu').click();
    t.equal(await page.getByTestId('second-factor').count(), 0);
    await page.getByTestId('sign-out').click();
    await page.goto(new URL('/dataset?label=none', server.apiUrl).href);
    await page.getByTestId('sso-button').waitFor();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      t.strictSame(await violations(page), [], colorScheme);
    }
    await page.getByTestId('sso-button').click();
    await entered(page);
    t.equal(
      new URL(page.url()).pathname,
      '/dataset',
      'back to where she wanted to be; the provider knows her',
    );

    const stranger = await open('/');
    await stranger.getByTestId('sso-button').click();
    await atProvider(stranger, 'bob');
    await stranger.getByText('sso_not_invited').waitFor();
    t.strictSame(await violations(stranger), []);
    await stranger.getByTestId('sso-button').click();
    await stranger.getByText('sso_not_invited').waitFor();

    const outsider = await open('/');
    await outsider.getByTestId('sso-button').click();
    await atProvider(outsider, 'eve');
    await outsider.getByText('sso_refused').waitFor();

    const refusing = await open('/');
    await refusing.getByTestId('sso-button').click();
    await refusing.waitForURL((url) => url.origin === idp.issuer);
    await refusing.getByRole('link', { name: 'Cancel' }).click();
    await refusing.getByText('sso_refused').waitFor();

    // An admin who is here already links his identity to the account he has.
    const admin = await server.signIn('admin');
    const { cookie = '' } = admin.headers;
    const linking = await open('/sign-in');
    const [name = '', value = ''] = cookie.split('=');
    await linking.context().addCookies([{ name, value, url: server.apiUrl, sameSite: 'Strict' }]);
    await linking.goto(new URL('/people', server.apiUrl).href);
    await linking.getByTestId('user-menu').click();
    await linking.getByTestId('link-sso').click();
    await atProvider(linking, 'bob');
    await linking.waitForURL((url) => url.pathname === '/people');
    await linking.getByRole('row', { name: '(you)' }).getByText('Single sign-on').waitFor();

    t.match((await server.admin.get('/audit?action=user.sso-refused')).body, { items: { length: 4 } });
    t.strictSame(complaints, [], 'the pages raised no error');
  },
);

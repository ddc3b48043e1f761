import t from 'tap';
import { needsChromium } from '../src/system/browser.js';
import { filledServer } from '../src/system/filled-server.js';
import { signedInPage } from '../src/system/signed-in-page.js';

t.test(
  'a plan in stages whose first group runs the version in the shadow',
  { timeout: 300_000, ...needsChromium },
  async (t) => {
    const server = await filledServer(t, 240);
    const { page, complaints } = await signedInPage(t, server.ready.signInUrl);
    await page.getByRole('link', { name: 'Rollouts' }).click();
    // The version the server begins with is on its way to devices that never answer.
    await page.getByRole('link', { name: 'Rollout 1' }).click();
    await page.getByRole('button', { name: 'Abort' }).click();
    await page.getByTestId('confirm').click();
    await page.locator('[data-testid=rollout-state][data-state=aborted]').waitFor();
    await page.getByRole('link', { name: 'All rollouts' }).click();
    await page.getByRole('button', { name: 'New rollout' }).click();
    await page.getByTestId('rollout-strategy').getByText('In stages').click();
    await page.getByRole('button', { name: 'More of the gate of' }).first().click();
    const trial = page.getByTestId('shadow-trial');
    await trial.getByTestId('shadow-trial-on').click();
    await trial.getByTestId('shadow-trial-minutes').fill('90');
    await trial.getByText('What it has to be like there.').waitFor();
    await page.getByTestId('rollout-start').click();
    await page.getByRole('heading', { name: 'Rollout 2' }).waitFor();

    const id = new URL(page.url()).pathname.split('/').at(-1);
    const { rollout } = await (await page.request.get(`${server.ready.apiUrl}/api/v1/rollouts/${id}`)).json();
    const [first, second] = rollout.groups;
    t.match(first.gate.shadow, {
      ...{ seconds: 5400, share: 1 },
      quality: { conditions: [{ kind: 'disagreement' }] },
    });
    t.equal(second.gate.shadow, undefined, 'only the group that was told to');
    t.strictSame(complaints, []);
  },
);

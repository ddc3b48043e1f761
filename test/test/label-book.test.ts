import t from 'tap';
import { needsChromium } from '../src/system/browser.js';
import { filledServer } from '../src/system/filled-server.js';
import { anotherSignedIn, signedInPage, tablet } from '../src/system/signed-in-page.js';

t.test(
  'classes are renamed, merged and split, and the book says what they mean, beside the frame too',
  { timeout: 300_000, ...needsChromium },
  async (t) => {
    const server = await filledServer(t, 200);
    const { browser, page, complaints } = await signedInPage(t, server.ready.signInUrl);
    await page.getByRole('link', { name: 'Label book' }).click();

    const change = async (id: string, what: string) => {
      await page.getByTestId(`class-menu-${id}`).click();
      await page.getByRole('menuitem', { name: what }).click();
    };
    const history = page.getByTestId('class-changes');
    await change('scratch', 'Rename');
    await page.getByTestId('new-name').fill('scuff');
    await page.getByTestId('change-class').dblclick();
    await history.getByText('scratch is called scuff now').waitFor();
    t.equal(await history.getByText('is called').count(), 1, 'a double click renames once');
    await page.getByTestId('class-entry-scratch').getByText('called scratch before').waitFor();

    await change('dent', 'Merge into another');
    await page.getByTestId('merge-into').click();
    await page.getByRole('option', { name: 'scuff' }).click();
    await page
      .getByTestId('class-effects')
      .getByText(/labelled frames get the label scuff/)
      .waitFor();
    await page.getByTestId('change-class').click();
    await history.getByText('dent was merged into scuff').waitFor();
    await page.getByTestId('class-entry-dent').waitFor({ state: 'detached' });

    await change('stain', 'Split');
    const counted = await page.getByTestId('class-effects').innerText();
    const frames = Number(/^(\d+) labelled frames? loses?/.exec(counted)?.[1]);
    t.ok(frames > 0, counted);
    await page.getByTestId('part-1').fill('oil');
    await page.getByTestId('part-2').fill('rust');
    await page.getByTestId('change-class').click();
    await history.getByText(`stain was split into oil and rust: ${frames} frame`).waitFor();

    await page.getByRole('link', { name: 'Review' }).click();
    await page
      .getByTestId('review-reason')
      .getByText('The class stain was split into oil and rust')
      .waitFor();
    await page.getByTestId('class-button-oil').waitFor();
    t.equal(await page.getByTestId('class-button-dent').count(), 0);

    await page.getByRole('link', { name: 'Label book' }).click();
    await page.getByTestId('undo-merge').click();
    await page.getByTestId('confirm').click();
    await page.getByTestId('class-entry-dent').waitFor();
    await page.getByTestId('undo-split').waitFor();
    await page.getByRole('link', { name: 'Review' }).click();
    await page.getByTestId('class-button-rust').waitFor();
    await page.locator('[data-testid=review-frame][data-state=shown]').waitFor();
    await page.keyboard.press('5');
    await page.getByTestId('review-reason').waitFor();
    await page.getByRole('link', { name: 'Label book' }).click();
    await history.getByText('Somebody has labelled one of its frames since.').waitFor();
    t.equal(await page.getByTestId('undo-split').count(), 0);

    await page.getByTestId('edit-good').click();
    await page.getByTestId('definition').fill('Nothing can be seen or felt.');
    await page.getByTestId('save-entry').dblclick();
    await page.getByTestId('class-entry-good').getByText('Nothing can be seen or felt.').waitFor();
    await page.getByRole('link', { name: 'Review' }).click();
    await page.getByTestId('review-reason').waitFor();
    await page.keyboard.press('l');
    const panel = page.getByTestId('book-panel');
    await panel.getByText('Nothing can be seen or felt.').waitFor();
    await page.keyboard.press('e');
    await page.getByTestId('example-class').click();
    await page.getByRole('option', { name: 'good', exact: true }).click();
    await page.getByText('Borderline', { exact: true }).click();
    await page.getByTestId('example-note').fill('A shadow, no dent');
    await page.keyboard.press('Enter');
    await panel.getByText('A shadow, no dent').waitFor();
    await page.reload();
    await panel.getByText('A shadow, no dent').waitFor();
    await page.keyboard.press('l');
    await panel.waitFor({ state: 'detached' });

    await page.getByRole('link', { name: 'Dataset' }).click();
    await page.getByTestId('tile').first().dblclick();
    await page.getByTestId('into-book').click();
    await page.getByTestId('example-class').click();
    await page.getByRole('option', { name: 'good', exact: true }).click();
    await page.getByTestId('add-example').click();
    await page.getByText('The frame is in the book, under good.').waitFor();

    await page.goto(new URL('/label-book', server.ready.apiUrl).href);
    await page.getByTestId('versions-good').getByText('Version 3').click();
    await page.getByTestId('book-version-1').click();
    const shown = page.getByTestId('shown-version');
    await shown.getByText('Nothing can be seen or felt.').waitFor();
    t.equal(await shown.locator('img').count(), 0, 'the first version had no examples');

    const answer = await page.request.post(`${server.ready.apiUrl}/api/v1/users`, {
      headers: { 'x-lineside-csrf': '1' },
      data: { email: 'operator@example.com', name: 'Operator', role: 'operator' },
    });
    const { signInPath } = (await answer.json()) as { signInPath: string };
    const link = new URL(signInPath, server.ready.apiUrl).href;
    const { page: operator } = await anotherSignedIn(browser, link, tablet);
    await operator.getByRole('link', { name: 'Label book' }).click();
    await operator.getByTestId('class-entry-good').getByText('A shadow, no dent').waitFor();
    t.equal(await operator.getByTestId('edit-good').count(), 0, 'operators read');
    await operator.getByRole('link', { name: 'Review' }).click();
    await operator.getByTestId('toggle-book').click();
    await operator.getByTestId('book-panel').getByText('A shadow, no dent').waitFor();
    t.equal(await operator.getByTestId('into-book').count(), 0);
    t.strictSame(complaints, []);
  },
);

import t from 'tap';
import { unfinished } from '../src/i18n/catalogue.js';
import { catalogues } from '../src/i18n/catalogues.js';
import { hardCodedIn } from '../src/i18n/hard-coded.js';
import { modules } from '../src/i18n/sources.js';
import { textsIn } from '../src/i18n/texts.js';

t.test(
  'every catalogue has what console, server and devices say, nothing else, and a translation of each',
  async (t) => {
    const files = await catalogues();
    t.strictSame(
      files.map(({ language }) => language),
      ['de', 'en'],
    );
    for (const { language, had, wanted, catalogue } of files) {
      t.equal(had, wanted, `${language}: npm run i18n changes nothing`);
      if (language !== 'en') t.strictSame(unfinished(catalogue), [], `${language}: npm run i18n lists these`);
    }
  },
);

t.test('the console shows no words that are not in the catalogues', async (t) => {
  const found = (await modules()).flatMap(({ file, source }) =>
    hardCodedIn(source, file).map(({ line, text }) => `${file}:${line} ${text}`),
  );
  t.strictSame(found, []);
});

t.test('texts are found where they are marked', async (t) => {
  const source = `
    const states = phrases({ on: 'On', off: { far: 'Far off' } });
    const line = phrase('One line');
    const View = () => <p title={t('Title')}>{t('{{count, number}} frames', { count })}
      <Trans i18nKey="See <a>rules</a>" components={{ a: <a /> }} />{t(states.on)}{\`\${t('Inside')}\`}</p>;`;
  t.strictSame(
    textsIn(source, 'view.tsx').map(({ text, counted }) => [text, counted]),
    [
      ['On', 'no'],
      ['Far off', 'no'],
      ['One line', 'no'],
      ['Title', 'no'],
      ['{{count, number}} frames', 'cardinal'],
      ['See <a>rules</a>', 'no'],
      ['Inside', 'no'],
    ],
  );
});

t.test('hard-coded words are found in children, attributes, choices, templates and constants', async (t) => {
  const source = `
    const title = 'Add a device';
    const View = () => <p aria-label="Gone" className="wide low">Here {x ? 'on' : 'off'}
      {\`\${n} frames left\`}{t('Fine')}<b title={t('Fine')} data-testid="a b" /></p>;
    if (kind === 'of a kind') throw new Error('Never seen by people');`;
  t.strictSame(
    hardCodedIn(source, 'view.tsx').map(({ line, text }) => `${line} ${text}`),
    ['2 Add a device', '3 Gone', '3 Here', '3 on', '3 off', '4 frames left'],
  );
});

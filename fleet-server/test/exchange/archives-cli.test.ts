import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { createExchangeBackground } from '../../src/features/exchange/background.js';
import { linesideHere } from '../helpers/command-line.js';
import { engines, temporaryFolder } from '../helpers/engines.js';
import { picture } from '../helpers/test-device.js';
import { startTestServer } from '../helpers/test-server.js';
import { zipOf } from '../helpers/zip.js';

t.test('archives go in and out by the command line', async (t) => {
  const server = await startTestServer(t, engines[0]!);
  const background = createExchangeBackground(server.services);
  await background.start();
  t.teardown(() => background.stop());
  const { body } = await server.admin.post<{ secret: string }>('/api-keys', {
    ...{ name: 'test', days: 1, role: 'engineer', writes: true },
  });
  const folder = await temporaryFolder(t);
  const lineside = (...args: string[]) =>
    linesideHere(args, { LINESIDE_API_KEY: body.secret, LINESIDE_SERVER: server.apiUrl });

  const archive = join(folder, 'parts.zip');
  const report = join(folder, 'report.csv');
  await writeFile(
    archive,
    await zipOf({
      'good/a.png': await picture('png'),
      'dent/b.png': await picture('png'),
      'dent/c.png': 'x',
    }),
  );
  const came = await lineside('archives', 'import', archive, '--create-classes', '--report', report);
  t.equal(came.code, 0, came.said);
  t.match(came.out, /frames: 2\n(.*\n)*labels: 2/);
  t.match(await readFile(report, 'utf8'), /"dent\/c.png","image_unreadable"/);

  const out = join(folder, 'out.zip');
  t.equal((await lineside('archives', 'export', '--format', 'voc', '--output', out)).code, 0);
  t.equal((await readFile(out)).toString('latin1', 0, 4), 'PK\x03\x04');
  const again = await lineside('archives', 'import', out, '--json');
  t.match(JSON.parse(again.out), { format: 'voc', counts: { frames: 0, known: 2, unchanged: 2, issues: 0 } });

  t.match((await lineside('archives', 'list')).out, /import .*succeeded .*parts.zip/);
  await writeFile(archive, 'no archive at all, but long enough');
  const refused = await lineside('archives', 'import', archive);
  t.equal(refused.code, 1);
  t.match(refused.said, /archive_invalid/);
});

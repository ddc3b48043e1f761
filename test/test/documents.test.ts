import { readFile } from 'node:fs/promises';
import { openApiDocument } from '@lineside/fleet-server/http/openapi';
import t from 'tap';
import { protocolDocument } from '../src/docs/protocol.js';

const read = (path: string) => readFile(new URL(`../../../${path}`, import.meta.url), 'utf8');

t.test('docs/protocol.md says what the schemas say', async (t) => {
  t.equal(await read('docs/protocol.md'), protocolDocument(), 'npm run docs:protocol makes it anew');
});

t.test('docs/openapi.json says what the routes say', async (t) => {
  const document = `${JSON.stringify(await openApiDocument(), null, 2)}\n`;
  t.ok(
    (await read('docs/openapi.json')) === document,
    'npm run api:generate makes it and the client types anew',
  );
});

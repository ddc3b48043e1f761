import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { folderOf } from '../helpers/folder.js';
import { freePort } from '../helpers/free-port.js';
import { until } from '../helpers/until.js';
import { startOutput } from './output-harness.js';

t.setTimeout(180_000);

interface Hook {
  readonly port: number;
  readonly received: { headers: IncomingMessage['headers']; told: Record<string, unknown> }[];
  close(): Promise<void>;
}

type Answer = (response: ServerResponse, number: number) => void;

async function startHook(
  t: Test,
  answer: Answer = (response) => response.end(),
  again?: number,
): Promise<Hook> {
  const port = again ?? (await freePort());
  const received: Hook['received'] = [];
  const server = createServer(async (request, response) => {
    const told = JSON.parse(await text(request));
    received.push({ headers: request.headers, told });
    answer(response, received.length);
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  t.teardown(close);
  return { port, received, close };
}

const hookAt = (port: number, more: object = {}) => ({
  kind: 'webhook',
  url: `http://127.0.0.1:${port}/decisions?line=4`,
  timeoutMs: 10_000,
  ...more,
});

t.test('each decision is posted once as JSON, with the headers of the file', async (t) => {
  const hook = await startHook(t);
  const headersFile = join(folderOf(t), 'headers.json');
  await writeFile(headersFile, JSON.stringify({ authorization: 'Bearer abc' }));
  const { emit, counts } = startOutput(t, hookAt(hook.port, { headersFile }));
  emit({ classId: 'scratch' });
  await until('the first', () => counts.delivered === 1);
  emit();
  await until('the second', () => counts.delivered === 2);
  t.match(hook.received, [
    {
      headers: { authorization: 'Bearer abc', 'content-type': 'application/json' },
      told: { cameraId: 'cam', sequence: 0, decision: { classId: 'scratch', accepted: true } },
    },
    { told: { sequence: 1 } },
  ]);
});

t.test(
  'a renewed token is read again after a refusal; a broken file is told without what is in it',
  async (t) => {
    const headersFile = join(folderOf(t), 'headers.json');
    await writeFile(headersFile, '{ "authorization": "Bearer hunter2" ');
    let hook: Hook | null = null;
    hook = await startHook(t, (response, number) => {
      response.statusCode = hook?.received[number - 1]?.headers.authorization === 'Bearer new' ? 204 : 401;
      response.end();
    });
    const { emit, counts, errors } = startOutput(t, hookAt(hook.port, { headersFile }));
    emit();
    await until('the broken file', () => counts.failed === 1);
    t.match(errors[0]?.message, /headers\.json is not a JSON object of strings/);
    t.notMatch(errors.join(), /hunter2/);
    await writeFile(headersFile, JSON.stringify({ authorization: 'Bearer old' }));
    emit();
    await until('the refusal', () => counts.failed === 2);
    await writeFile(headersFile, JSON.stringify({ authorization: 'Bearer new' }));
    emit();
    await until('the new token', () => counts.delivered === 1);
    t.equal(hook.received.length, 2);
  },
);

t.test('a redirect and an error of the server are failures, and neither is tried again', async (t) => {
  const statuses = [302, 500, 200];
  const hook = await startHook(t, (response, number) => {
    response.writeHead(statuses[number - 1] ?? 200, { location: '/elsewhere' });
    response.end();
  });
  const { emit, counts, statistics } = startOutput(t, hookAt(hook.port));
  for (const [index] of statuses.entries()) {
    emit();
    await until(`answer ${index}`, () => counts.delivered + counts.failed === index + 1);
  }
  t.same([counts.delivered, counts.failed, hook.received.length], [1, 2, 3]);
  t.match(statistics.stages('cam').delivered.message, /the server answered 500/);
});

t.test('a slow server gets the newest; one that stands still is given up in time', async (t) => {
  const waiting: ServerResponse[] = [];
  const hook = await startHook(t, (response) => waiting.push(response));
  const { emit, counts } = startOutput(t, hookAt(hook.port, { timeoutMs: 60_000 }));
  for (let at = 0; at < 10; at++) emit();
  await until('the first', () => waiting.length === 1);
  t.equal(counts.failed, 8);
  waiting.shift()?.end();
  await until('the newest', () => waiting.length === 1);
  waiting.shift()?.end();
  await until('both', () => counts.delivered === 2);
  t.same(
    hook.received.map(({ told }) => told.sequence),
    [0, 9],
  );

  const impatient = startOutput(t, hookAt(hook.port, { timeoutMs: 300 }));
  impatient.emit();
  await until('it is given up', () => impatient.counts.failed === 1);
  t.match(impatient.statistics.stages('cam').delivered.message, /did not answer in time/);
});

t.test('a server that dies with a request under way gets that decision never again', async (t) => {
  const dying = await startHook(t, () => {});
  const { emit, counts, errors } = startOutput(t, hookAt(dying.port, { timeoutMs: 60_000 }));
  emit();
  await until('the request is there', () => dying.received.length === 1);
  await dying.close();
  await until('it is given up', () => counts.failed === 1);
  const next = await startHook(t, undefined, dying.port);
  emit();
  await until('the next decision', () => counts.delivered === 1);
  t.same(
    next.received.map(({ told }) => told.sequence),
    [1],
  );
  t.match(errors[0], { code: 'output_failed' });
});

t.test('a server that is broken is left alone between tries, and told of once', async (t) => {
  let connections = 0;
  const server = createTcpServer((socket) => {
    connections += 1;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const { emit, counts, errors } = startOutput(t, hookAt(port));
  for (let at = 0; at < 200; at++) {
    emit();
    await setImmediate();
  }
  await until('the decisions before the last are given up', () => counts.failed >= 199);
  t.ok(connections <= 5, `${connections} connections for 200 decisions`);
  t.equal(errors.length, 1);
});

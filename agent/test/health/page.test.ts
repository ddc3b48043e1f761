import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import sharp from 'sharp';
import t, { type Test } from 'tap';
import { parseConfig } from '../../src/config.js';
import { hostAllowed, sameOrigin } from '../../src/health/page/guard.js';
import { PinGate } from '../../src/health/page/pin.js';
import type { PageStatus } from '../../src/health/page/status.js';
import { type Agent, createAgent } from '../../src/runtime.js';
import { createTestAuthority } from '../enrol/test-authority.js';
import { enrolledState } from '../helpers/enrolled-state.js';
import { installTinyModel } from '../helpers/installed-model.js';
import { until } from '../helpers/until.js';

const authority = await createTestAuthority();
const pin = '246810';

async function running(test: Test, more: object = {}): Promise<{ agent: Agent; url: string }> {
  const stateDir = await enrolledState(test, authority);
  await installTinyModel(stateDir);
  const source = { kind: 'synthetic', width: 320, height: 240, framesPerSecond: 5 };
  const cameras = [
    { id: 'line', source },
    { id: 'gate', source, trigger: { kind: 'external' } },
  ];
  const agent = createAgent(parseConfig({ stateDir, cameras, policy: { recordAll: true }, ...more }));
  test.teardown(() => agent.stop());
  await agent.start();
  return { agent, url: `http://127.0.0.1:${agent.httpPort}` };
}

const statusOf = async (url: string): Promise<PageStatus> =>
  (await (await fetch(`${url}/status`)).json()) as PageStatus;
const code = async (answer: Response): Promise<string> => ((await answer.json()) as { code: string }).code;
const post = (url: string, headers: Record<string, string> = {}, body?: string): Promise<Response> =>
  fetch(url, { method: 'POST', headers, ...(body === undefined ? {} : { body }) });

t.test('shows the page, its picture, decisions and flagged frames to whoever looks', async (t) => {
  const { url } = await running(t);
  const page = await fetch(url);
  t.equal(page.status, 200);
  t.match(page.headers.get('content-security-policy'), /default-src 'none'/);
  const text = await page.text();
  t.notMatch(text, /https?:\/\//, 'nothing comes from elsewhere');
  for (const [, path] of text.matchAll(/(?:href|src)="([^"]+)"/g)) {
    t.equal((await fetch(url + path)).status, 200, `${path} is served`);
  }
  await until('a flagged frame in small', async () => (await statusOf(url)).flagged.length > 0);
  const status = await statusOf(url);
  t.match(status, { deviceId: 'box-1', model: 'v1', pin: 'none', cameras: [{ id: 'line' }, { id: 'gate' }] });
  t.match(status.cameras[0]?.last?.decision, { modelVersion: 'v1' });
  t.match(status.cameras[0]?.size, { width: 320, height: 240 });
  const picture = await fetch(`${url}/cameras/line/picture.jpg?width=160`);
  t.match(await sharp(await picture.arrayBuffer()).metadata(), { format: 'jpeg', width: 160, height: 120 });
  t.match(picture.headers.get('x-frame-sequence'), /^\d+$/);
  const centre = await fetch(`${url}/cameras/line/picture.jpg?width=100&crop=centre`);
  t.match(await sharp(await centre.arrayBuffer()).metadata(), { width: 100, height: 75 });
  const thumbnail = await fetch(`${url}/flagged/${status.flagged[0]?.id}/picture.jpg`);
  t.match(await sharp(await thumbnail.arrayBuffer()).metadata(), { format: 'jpeg', width: 240 });
  for (const path of [
    '/cameras/none/picture.jpg',
    '/flagged/x/picture.jpg',
    '/page/..%2fpackage.json',
    '/x',
  ]) {
    t.equal((await fetch(url + path)).status, 404, path);
  }
  t.equal(await code(await post(`${url}/cameras/line/request`)), 'unauthenticated');
  const noPin = await post(`${url}/cameras/line/request`, { authorization: 'Bearer 000000' });
  t.equal(await code(noPin), 'role_insufficient', 'without a configured PIN nobody gives orders');
});

t.test('with the PIN a person and a line controller give orders', async (t) => {
  const { url } = await running(t, { http: { pin }, policy: { auditShare: 0 } });
  t.equal((await statusOf(url)).pin, 'locked');
  const json = { 'content-type': 'application/json' };
  t.equal(await code(await post(`${url}/session`, json, '{"pin":"1234567"}')), 'pin_wrong');
  t.equal(await code(await post(`${url}/session`, json, '{"pin":')), 'request_invalid');
  const opened = await post(`${url}/session`, json, JSON.stringify({ pin }));
  const cookie = opened.headers.get('set-cookie') ?? '';
  t.match(cookie, /HttpOnly; SameSite=Strict/);
  const session = { cookie: cookie.split(';')[0] ?? '' };
  const shown = await fetch(`${url}/status`, { headers: session });
  t.match(await shown.json(), { pin: 'open' });
  t.equal((await post(`${url}/cameras/line/request`, session)).status, 202);
  await until('the requested frame', async () =>
    (await statusOf(url)).flagged.some(({ reasons }) => reasons.includes('requested')),
  );
  const decided = async (): Promise<number> => (await statusOf(url)).cameras[1]?.decided ?? 0;
  t.equal(await decided(), 0);
  await until('its first picture', async () => (await statusOf(url)).cameras[1]?.size !== null);
  t.equal((await post(`${url}/cameras/gate/trigger`, { authorization: `Bearer ${pin}` })).status, 202);
  await until('the triggered decision', async () => (await decided()) === 1);
  const odd = { authorization: `Bearer ${pin}`, 'content-type': 'application/x-www-form-urlencoded' };
  t.equal(
    (await post(`${url}/cameras/gate/trigger`, odd)).status,
    202,
    'whatever a controller says it sends',
  );
  t.equal((await post(`${url}/cameras/line/restart`, session)).status, 202);
  t.equal(await code(await post(`${url}/cameras/line/trigger`, session)), 'conflict');
  t.equal(await code(await post(`${url}/cameras/none/restart`, session)), 'not_found');
  const foreign = { ...session, origin: 'http://evil.example' };
  t.equal(await code(await post(`${url}/cameras/line/restart`, foreign)), 'csrf_rejected');
  await fetch(`${url}/session`, { method: 'DELETE', headers: session });
  t.equal(await code(await post(`${url}/cameras/line/restart`, session)), 'unauthenticated');
});

t.test('PINs cannot be tried one after another', async (t) => {
  let now = 0;
  const gate = new PinGate(pin, () => now);
  for (let i = 0; i < 5; i++) t.throws(() => gate.check('x'), { code: 'pin_wrong' });
  t.throws(() => gate.check(pin), { code: 'rate_limited' }, 'not even the right one');
  now += 10_001;
  t.throws(() => gate.check('x'), { code: 'pin_wrong' });
  t.throws(() => gate.check('x'), { code: 'rate_limited' });
  now += 10_001;
  const session = gate.open(pin);
  t.ok(gate.isOpen(session));
  now += 11 * 3_600_000;
  t.notOk(gate.isOpen(session), 'after a shift it is over');
  t.notOk(gate.isOpen(null));
});

t.test('a foreign name or a foreign page gets nothing', async (t) => {
  for (const host of ['localhost:80', '127.0.0.1:7', '10.0.0.7', '[::1]:80', 'box']) {
    t.ok(hostAllowed(host, 'box'), host);
  }
  for (const host of ['evil.example', 'localhost.evil.example:80', '', undefined, '::']) {
    t.notOk(hostAllowed(host, '127.0.0.1'), String(host));
  }
  t.ok(sameOrigin({ host: 'a:1' }));
  t.ok(sameOrigin({ host: 'a:1', origin: 'http://a:1', 'sec-fetch-site': 'same-origin' }));
  t.notOk(sameOrigin({ host: 'a:1', origin: 'http://a:2' }));
  t.notOk(sameOrigin({ host: 'a:1', origin: 'null' }));
  t.notOk(sameOrigin({ host: 'a:1', 'sec-fetch-site': 'cross-site' }));
  const { agent } = await running(t);
  const ask = async (path: string): Promise<number | undefined> => {
    const asked = request({ port: agent.httpPort ?? 0, path, headers: { host: 'evil.example' } }).end();
    const [answer] = await once(asked, 'response');
    answer.resume();
    return answer.statusCode;
  };
  t.equal(await ask('/status'), 403);
  t.equal(await ask('/decisions'), 403);
  t.equal(await ask('/metrics'), 200, 'monitoring may know the box by another name');
});

t.test('10,000 random bytes to the port change nothing', async (t) => {
  const { url, agent } = await running(t);
  const paths = [
    '/',
    '/status',
    '/session',
    '/cameras/line/picture.jpg',
    '/cameras/line/trigger',
    '/decisions',
  ];
  const send = (bytes: Buffer): Promise<unknown> =>
    new Promise((resolve) => {
      const socket = connect(agent.httpPort ?? 0, '127.0.0.1', () => socket.end(bytes));
      socket
        .on('error', () => {})
        .on('close', resolve)
        .resume();
    });
  await send(randomBytes(10_000));
  for (const path of paths) {
    const line = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`;
    const body = randomBytes(900);
    await send(Buffer.concat([Buffer.from(`${line}content-length: 900\r\nconnection: close\r\n\r\n`), body]));
    await send(Buffer.concat([Buffer.from(line), randomBytes(2000)]));
    await send(Buffer.concat([Buffer.from(`GET ${path}?`), randomBytes(500)]));
  }
  const huge = await post(`${url}/session`, { 'content-type': 'application/json' }, 'x'.repeat(10_000));
  t.equal(huge.status, 400);
  const before = (await statusOf(url)).cameras[0]?.decided ?? 0;
  await until('it goes on deciding', async () => ((await statusOf(url)).cameras[0]?.decided ?? 0) > before);
});

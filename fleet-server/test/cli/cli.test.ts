import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { decodeMessage, EnrolResponse } from '@lineside/shared';
import { and, eq } from 'drizzle-orm';
import t from 'tap';
import { csvLine, csvRecords, parseCsv } from '../../src/cli/csv.js';
import { columns, Output } from '../../src/cli/output.js';
import { datasetItems } from '../../src/db/schema.js';
import { createLeakBackground } from '../../src/features/dataset-leaks/background.js';
import { makeBootstrap } from '../../src/features/models/bootstrap-model.js';
import { commandLine, linesideHere as lineside, lineside as ownProcess } from '../helpers/command-line.js';
import { engines, temporaryFolder, until } from '../helpers/engines.js';
import { enrol, enrolDevice, makeFrame, newCsr, TestDevice } from '../helpers/test-device.js';
import { startTestServer } from '../helpers/test-server.js';

const pglite = engines[0]!;
const run = promisify(execFile);

t.test('what is typed wrongly is said, with the status for it', async (t) => {
  for (const args of [
    [],
    ['devices'],
    ['devices', 'list', '--colour'],
    ['devices', 'show'],
    ['devices', 'list', 'more'],
    ['devices', 'list'],
    ['completion', 'fish'],
  ]) {
    const { code, said } = await lineside(args, { LINESIDE_API_KEY: '', LINESIDE_SERVER: '' });
    t.equal(code, 2, `${args.join(' ')}: ${said.split('\n')[0]}`);
  }
  const help = await ownProcess(['rollouts', '--help']);
  t.equal(help.code, 0);
  t.match(help.out, /lineside rollouts create MODEL/);
  t.notMatch(help.out, /devices list/, 'help of the family alone');
});

t.test('the shell completes commands and options', async (t) => {
  const dir = await temporaryFolder(t);
  const script = join(dir, 'completion.bash');
  await writeFile(script, (await lineside(['completion', 'bash'])).out);
  const complete = async (...words: string[]): Promise<string[]> => {
    const typed = `COMP_WORDS=(lineside ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}`;
    const { stdout } = await run('bash', [
      '-c',
      `source ${script}; ${typed}; _lineside; echo "\${COMPREPLY[@]}"`,
    ]);
    return stdout.trim().split(' ');
  };
  t.ok((await complete('d')).includes('devices'));
  t.same(await complete('devices', 'rev'), ['revoke']);
  t.same(await complete('rollouts', 'create', '--can'), ['--canaries']);
  t.match((await lineside(['completion', 'zsh'])).out, /^autoload[\s\S]*bashcompinit/);
});

t.test('nobody there', async (t) => {
  const gone = createServer().listen(0, '127.0.0.1');
  await once(gone, 'listening');
  const { port } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  const url = `http://127.0.0.1:${port}`;
  const { code, said } = await lineside(['devices', 'list', '--server', url], { LINESIDE_API_KEY: 'lsk_x' });
  t.equal(code, 5);
  t.match(said, /cannot be reached/);
});

t.test('devices, models and rollouts', async (t) => {
  const server = await startTestServer(t, pglite);
  const admin = await commandLine(server, { role: 'admin', writes: true });
  const dir = await temporaryFolder(t);
  const { deviceId } = await enrolDevice(server, 'Line 1');

  const keyFile = join(dir, 'key');
  await writeFile(keyFile, `${admin.secret}\n`);
  const byFile = await lineside(['devices', 'list', '--server', server.apiUrl, '--api-key-file', keyFile]);
  t.match(byFile, { code: 0, out: /^ID +NAME +STATE[\s\S]*Line 1 +offline/ });
  t.match(await admin.json('devices', 'show', deviceId), { id: deviceId, name: 'Line 1' });
  t.match((await admin('devices', 'show', deviceId)).out, /name +Line 1/);
  t.match(await admin.json('devices', 'enrol', 'Line 2', '--valid-minutes', '5'), {
    token: /\.[0-9a-f]{64}$/,
  });
  const list = join(dir, 'names.csv');
  await writeFile(list, 'name,site,tags\nLine 3,hall,\n"Line 4, left",hall,fast|new\n');
  const tokens = csvRecords((await admin('devices', 'enrol-list', list)).out, ['name', 'claim_token']);
  t.match(tokens, [{ name: 'Line 3' }, { name: 'Line 4, left' }]);
  const { keyPem: _key, csrPem } = await newCsr();
  const claimed = await enrol(tokens[1]?.enrol_url ?? '', tokens[1]?.claim_token ?? '', csrPem);
  t.equal(claimed.status, 201, 'each of them enrols a device');
  t.match(await admin.json('devices', 'show', decodeMessage(EnrolResponse, claimed.body).deviceId), {
    ...{ name: 'Line 4, left', site: 'hall', tags: ['fast', 'new'] },
  });
  await writeFile(list, 'name\nLine 5\nLine 5\n');
  t.match(await admin('devices', 'enrol-list', list), { code: 1, said: /request_invalid/ });
  t.match((await admin('devices', 'export')).out, /^id,name,state[^\n]*\n.*,Line 1,offline,/);

  await server.admin.post('/classes', { name: 'good' });
  await server.admin.post('/classes', { name: 'bad' });
  const wanted = ['good', 'bad'].map((id) => ({ id, name: id }));
  const model = await makeBootstrap(server.services, wanted, new AbortController().signal);
  const file = join(dir, 'model.tar');
  t.equal((await admin('models', 'export', model.id, '--output', file)).code, 0);
  t.ok((await stat(file)).size > model.bytes);
  t.match(await admin('models', 'import', file), { code: 1, said: /conflict/ }, 'it is there already');
  t.match((await admin('models', 'list')).out, new RegExp(`^ID +ROLE[\\s\\S]*${model.id}`));
  t.match(await admin.json('models', 'show', model.id), { id: model.id });

  const rollout = await admin.json<{ id: string; state: string }>(
    'rollouts',
    'create',
    model.id,
    '--canaries',
    '1',
  );
  t.match(rollout, { state: 'ready', strategy: { kind: 'canary', canaries: 1 } });
  t.match(await admin.json('rollouts', 'create', model.id, '--shadow', '1', '--disagreement', '0.02'), {
    strategy: { kind: 'shadow_first', devices: 1, observations: 30, disagreement: 0.02 },
  });
  const labelled = await admin.json('devices', 'label', deviceId, '--site', 'north', '--tags', 'paint,old');
  t.match(labelled, { site: 'north', tags: ['old', 'paint'] });
  t.match(await admin.json('devices', 'label', deviceId, '--tags', ''), { site: 'north', tags: [] });
  t.match(await admin('devices', 'label', deviceId), { code: 2, said: /--site or --tags/ });
  t.match(await admin('sites', 'set', 'north', 'Mars/Base'), { code: 1, said: /no time zone/ });
  t.match(await admin.json('sites', 'set', 'north', 'Europe/Berlin', '--approvals', 'operator'), {
    ...{ timeZone: 'Europe/Berlin', approvals: ['operator'], devices: 1 },
  });
  t.match((await admin('sites', 'list')).out, /north +Europe\/Berlin +operator +1/);
  t.equal((await admin('sites', 'forget', 'north')).code, 0);
  t.match(await admin('sites', 'forget', 'north'), { code: 4 });
  const preview = (...chosen: string[]) =>
    admin('rollouts', 'preview', model.id, '--canaries', '1', ...chosen);
  t.match((await preview('--sites', 'north')).out, /^1 device,[\s\S]*Canaries +1 +Line 1/);
  t.match((await preview('--sites', 'south', '--share', '0.5')).out, /^0 devices/);
  const chosen = await admin.json(
    ...['rollouts', 'create', model.id, '--sites', 'north,south', '--devices', deviceId, '--join-late'],
  );
  t.match(chosen, {
    selection: { sites: ['north', 'south'], deviceIds: [deviceId], lateJoiners: 'join' },
    groups: [{ devices: 1 }],
  });
  t.match(await admin('rollouts', 'create', model.id, '--tags', 'paint'), { code: 1, said: /no_devices/ });
  t.match(await admin('rollouts', 'let-go-on'), { code: 1, said: /conflict/ });
  t.match(await admin('rollouts', 'stop-fleet', 'smoke at press 2'), { code: 0, out: /smoke at press 2/ });
  t.match(await admin('rollouts', 'start', rollout.id), { code: 1, said: /fleet_stopped/ });
  t.match(await admin('rollouts', 'let-go-on'), { code: 0, out: /goes on/ });
  const step = (word: string) => admin.json<{ state: string }>('rollouts', word, rollout.id);
  t.match(await step('start'), { state: 'running' });
  t.match(await step('pause'), { state: 'paused' });
  t.match(await step('resume'), { state: 'running' });
  t.match(await step('abort'), { state: 'aborted' });
  t.match(await admin('rollouts', 'start', rollout.id), { code: 1, said: /rollout_state/ });
  t.match(await admin('rollouts', 'watch', rollout.id), { code: 1, said: /aborted/ });
  t.match(await admin('rollouts', 'show', rollout.id), { code: 0, out: /GROUP +DEVICE[\s\S]*Line 1/ });
  const shown = (await admin('rollouts', 'show', rollout.id)).out;
  t.match(shown, /AT +WHAT +FROM +TO +BY[\s\S]*rollout +ready +running +admin@[\s\S]*running +paused/);
  t.match((await admin('rollouts', 'list')).out, /aborted/);

  t.match(await admin('devices', 'revoke', deviceId), { code: 0, out: /is revoked/ });
  t.match((await admin('devices', 'list')).out, /revoked/);
  t.match(await admin('devices', 'show', 'nobody'), { code: 4, said: /device_unknown/ });
  t.match(await admin('audit', 'verify'), { code: 0, out: /as it was written/ });

  const reader = await commandLine(server, { role: 'viewer', writes: false });
  t.equal((await reader('devices', 'list')).code, 0);
  t.match(await reader('datasets', 'snapshot'), { code: 3, said: /scope_insufficient/ });
  t.match(await reader('audit', 'verify'), { code: 3, said: /role_insufficient/ });
  const wrong = await lineside(['devices', 'list', '--server', server.apiUrl], {
    LINESIDE_API_KEY: 'lsk_no',
  });
  t.match(wrong, { code: 3, said: /api_key_invalid/ });
});

t.test('labels go out, come back, and make a dataset', async (t) => {
  const server = await startTestServer(t, pglite);
  const engineer = await commandLine(server, { role: 'engineer', writes: true });
  const dir = await temporaryFolder(t);
  await server.admin.post('/classes', { name: 'Good, clean' });
  await server.admin.post('/classes', { name: 'Bad' });
  const device = await TestDevice.connect(await enrolDevice(server));
  t.teardown(() => device.close());
  const sent = [await makeFrame(), await makeFrame(), await makeFrame()];
  for (const frame of sent) await device.send(frame);
  await until(() => device.receipts.size === sent.length, 'the frames are stored');

  const file = join(dir, 'labels.csv');
  const [one, two] = [sent[0]!.id, sent[1]!.id];
  await writeFile(file, `Frame,note,Class\n${one},,"Good, clean"\n${two},x,bad\n${sent[2]!.id},,\n`);
  t.match(await engineer.json('labels', 'import', file), { rows: 2, written: 2 });
  t.match(await engineer.json('labels', 'import', file), { rows: 2, written: 0 }, 'what is so already stays');
  const exported = await engineer('labels', 'export');
  const rows = csvRecords(exported.out, ['frame', 'class']);
  t.same(
    new Map(rows.map((row) => [row.frame, row.class])),
    new Map([
      [one, 'good-clean'],
      [two, 'bad'],
    ]),
  );
  const again = join(dir, 'exported.csv');
  await writeFile(again, exported.out);
  t.match(await engineer.json('labels', 'import', again), { rows: 2, written: 0 });
  t.match((await engineer('labels', 'export', '--json')).out, /^{"frame":/);

  await writeFile(file, `frame,class\n${one},none\n`);
  t.match(await engineer('labels', 'import', file), { code: 2, said: /no class none/ });
  await writeFile(file, 'frame,label\n');
  t.match(await engineer('labels', 'import', file), { code: 2, said: /no column class/ });
  t.match(await engineer('labels', 'import', join(dir, 'none')), { code: 1, said: /ENOENT/ });

  t.match((await engineer('classes', 'list')).out, /^ID +NAME[\s\S]*good-clean +Good, clean +1/);
  t.match(await engineer('classes', 'rename', 'Bad', 'Scrap'), { code: 0, out: /Bad is called Scrap now/ });
  t.match(await engineer('classes', 'split', 'Scrap', '--dry-run', 'Dent, Crack'), {
    out: /^1 labelled frames/,
  });
  t.match(await engineer.json('classes', 'split', 'Scrap', 'Dent, Crack'), { kind: 'split', frames: 1 });
  const [change] = (await engineer.json<{ items: { id: string }[] }>('classes', 'history')).items;
  t.match(await engineer.json('classes', 'undo', change!.id), { kind: 'undo', frames: 1 });
  t.match(await engineer('classes', 'merge', 'Scrap', 'none'), { code: 1, said: /class_unknown/ });

  const dataset = await engineer.json<{ id: string; frames: number }>('datasets', 'snapshot');
  t.equal(dataset.frames, 2);
  t.match((await engineer('datasets', 'list')).out, new RegExp(dataset.id));
  const csv = csvRecords((await engineer('datasets', 'export', dataset.id)).out, ['frameid', 'classid']);
  t.same(csv.map((row) => row.frameid).sort(), [one, two].sort());
  t.equal((await engineer('datasets', 'export', 'none')).code, 4);

  await server.admin.post(`/frames/${one}/labels`, {
    requestId: crypto.randomUUID(),
    classId: csv[1]!.classid,
  });
  await server.admin.post(`/frames/${two}/labels`, {
    requestId: crypto.randomUUID(),
    classId: csv[0]!.classid,
  });
  const later = await engineer.json<{ id: string }>('datasets', 'snapshot');
  const diff = await engineer('datasets', 'diff', dataset.id, later.id);
  t.match(diff.out, new RegExp(`${dataset.id} to ${later.id}`));
  t.match(await engineer.json('datasets', 'show', dataset.id), { sha256: /^[0-9a-f]{64}$/, uses: [] });
  t.match((await engineer('datasets', 'show', dataset.id)).out, /CLASS +TRAIN +TEST/);
  t.match((await engineer('datasets', 'diff', dataset.id, later.id, '--frames', 'came')).out, /^frame,/);
  t.equal((await engineer('datasets', 'diff', dataset.id, 'none')).code, 4);
  t.equal((await engineer('datasets', 'diff', dataset.id, later.id, '--frames', 'nonsense')).code, 1);
  t.ok(await readFile(again, 'utf8'));

  const background = createLeakBackground(server.services);
  await background.start();
  t.teardown(() => background.stop());
  t.match(await engineer('datasets', 'leaks', later.id), { code: 0, out: /no leaks/ });
  await server.services.database.db
    .update(datasetItems)
    .set({ groupKey: 'one part' })
    .where(eq(datasetItems.datasetId, later.id));
  await server.services.database.db
    .update(datasetItems)
    .set({ split: 'test' })
    .where(and(eq(datasetItems.datasetId, later.id), eq(datasetItems.frameId, one)));
  t.equal((await engineer('datasets', 'leaks', later.id)).code, 0, 'what was found before');
  const leaky = await engineer('datasets', 'leaks', later.id, '--again');
  t.match(leaky, { code: 6, said: /1 test frames .*1 (copy|group)/ });
  t.match(leaky.out, new RegExp(`^KIND +SIMILARITY[\\s\\S]*(copy|group) .*${one} .*${two}`));
  t.match(JSON.parse((await engineer('datasets', 'leaks', later.id, '--json')).out), {
    state: 'done',
    pairs: [{ test: { frameId: one }, train: { frameId: two } }],
  });
  t.match(await engineer('datasets', 'leaks', later.id, '--kind', 'near'), { code: 0 });
  t.match(await engineer('datasets', 'leaks', later.id, '--kind', 'far'), {
    code: 2,
    said: /copy, group, near/,
  });
  t.match(await engineer('datasets', 'leaks', 'none'), { code: 4, said: /not_found/ });
  const viewer = await commandLine(server, { role: 'viewer', writes: false });
  t.equal((await viewer('datasets', 'leaks', later.id)).code, 6, 'reading a result takes no more');
  t.equal((await viewer('datasets', 'leaks', dataset.id)).code, 3, 'starting one does');
});

t.test('CSV as RFC 4180 has it', async (t) => {
  const cells = ['plain', 'with, comma', 'with "quotes"', 'two\nlines', ''];
  t.same(parseCsv(csvLine(cells) + csvLine(['x'])), [cells, ['x']]);
  t.same(parseCsv('\ufeffa,b\r\n\r\nc,\r\n'), [
    ['a', 'b'],
    ['c', ''],
  ]);
  t.throws(() => parseCsv('a,"b'), /row 1/);
});

t.test('a bar is drawn where a person looks, and nowhere else', async (t) => {
  const written: string[] = [];
  const to = (isTTY: boolean) => ({
    out: { write: (text: string) => written.push(text) },
    err: { write: (text: string) => written.push(text), isTTY, columns: 60 },
  });
  const quiet = new Output(false, to(false));
  quiet.bar('download', 0.5);
  quiet.endBar();
  t.same(written, []);
  const watched = new Output(false, to(true));
  watched.bar('download', 0.5, '1.0 MB');
  watched.say('done');
  t.match(written.join(''), /download \[############\.{12}\] 50 % 1\.0 MB\ndone\n$/);
  t.equal(columns(['A', 'B'], [['long', 'x']]), 'A     B\nlong  x');
});

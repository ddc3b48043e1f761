import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EventMessage } from '@lineside/shared';
import t from 'tap';
import { EventQueue } from '../../src/uplink/event-queue.js';
import { folderOf } from '../helpers/folder.js';
import { until } from '../helpers/until.js';

let next = 0;
const event = (severity: EventMessage['severity'], id = `e${next++}`): EventMessage => ({
  v: 1,
  id,
  at: next,
  severity,
  code: 'capture_failed',
  message: 'gone',
});

const drain = (queue: EventQueue): string[] => {
  const ids: string[] = [];
  for (let first = queue.first; first; first = queue.first) {
    ids.push(first.id);
    queue.remove(first.id);
  }
  return ids;
};

t.test('the oldest merely informative ones give way first, then the oldest', async (t) => {
  const queue = new EventQueue({ limit: 3 });
  for (const [severity, id] of [
    ['error', 'a'],
    ['info', 'b'],
    ['warning', 'c'],
    ['error', 'd'],
    ['error', 'e'],
  ] as const) {
    queue.add(event(severity, id));
  }
  t.equal(queue.dropped, 2);
  t.strictSame(drain(queue), ['c', 'd', 'e']);
});

t.test('what was not sent is there after a power cut, in order, before what came since', async (t) => {
  const path = join(folderOf(t), 'events.jsonl');
  const first = new EventQueue({ path, saveEveryMs: 5 });
  await first.open();
  for (const id of ['a', 'b', 'c']) first.add(event('error', id));
  first.remove('a');
  const text = () => readFile(path, 'utf8').catch(() => '');
  let saved = '';
  await until('the file', () => {
    void text().then((now) => (saved = now));
    return saved.split('\n').length === 3;
  });
  const second = new EventQueue({ path, saveEveryMs: 5 });
  second.add(event('error', 'd'));
  await second.open();
  t.strictSame(drain(second), ['b', 'c', 'd']);
  await second.close();
  t.equal(await text(), '');
  const third = new EventQueue({ path });
  await third.open();
  t.equal(third.size, 0);
  await third.close();
});

t.test('events that are taken at once write nothing, and a damaged line costs one event', async (t) => {
  const path = join(folderOf(t), 'events.jsonl');
  const queue = new EventQueue({ path, saveEveryMs: 1 });
  await queue.open();
  queue.add(event('error', 'a'));
  queue.remove('a');
  await queue.close();
  await t.rejects(stat(path), { code: 'ENOENT' });
  await writeFile(
    path,
    `${JSON.stringify(event('error', 'a'))}\n{"v":1,\n${JSON.stringify(event('error', 'b'))}\n`,
  );
  const damaged = new EventQueue({ path });
  await damaged.open();
  t.strictSame(drain(damaged), ['a', 'b']);
  await damaged.close();
});

t.test('the file stays small however long there is no server', async (t) => {
  const path = join(folderOf(t), 'events.jsonl');
  const queue = new EventQueue({ path });
  await queue.open();
  for (let i = 0; i < 5000; i++) queue.add(event(i % 2 ? 'info' : 'error', `n${i}`));
  await queue.close();
  const again = new EventQueue({ path });
  await again.open();
  t.equal(again.size, 256);
  t.equal(drain(again).at(-1), 'n4998', 'the most recent important ones');
  await again.close();
});

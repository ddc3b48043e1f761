import { closeSync, openSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { decodeMessage, FrameMessage } from '@lineside/shared';
import t from 'tap';
import { realDisk, type SpoolDisk } from '../../src/spool/disk.js';
import { openSpool, type SpoolEvent } from '../../src/spool/spool.js';
import { folderOf } from '../helpers/folder.js';
import { until } from '../helpers/until.js';
import { makeFrame, plain } from './frames.js';

const none: ReadonlySet<string> = new Set();
const roomy = 1 << 30;

t.test('a frame comes back byte for byte after the spool is opened again', async (t) => {
  const dir = folderOf(t);
  const first = await openSpool({ dir, maxBytes: roomy });
  const frames = [makeFrame({ score: 0.2 }), makeFrame({ score: 0.9 }), makeFrame({ score: 0.5 })];
  const added: string[] = [];
  first.on('added', (id) => added.push(id));
  await Promise.all(frames.map((frame) => first.put(frame)));
  t.strictSame(added.sort(), frames.map(({ id }) => id).sort());
  await first.close();

  const second = await openSpool({ dir, maxBytes: roomy });
  t.equal(second.stats().frames, 3);
  t.equal(second.stats().bytes, first.stats().bytes);
  t.strictSame(second.peek(9, none), [frames[1]?.id, frames[2]?.id, frames[0]?.id], 'most valuable first');
  for (const frame of frames) {
    t.strictSame(plain(await second.read(frame.id)), frame);
    const bytes = await second.readBytes(frame.id);
    t.strictSame(bytes && plain(decodeMessage(FrameMessage, bytes)), frame, 'stored as it goes on the wire');
  }
});

t.test('put is idempotent and remove forgets', async (t) => {
  const spool = await openSpool({ dir: folderOf(t), maxBytes: roomy });
  const frame = makeFrame();
  await Promise.all([spool.put(frame), spool.put(frame)]);
  await spool.put(frame);
  t.equal(spool.stats().frames, 1);
  t.equal(await spool.remove([frame.id, 'unknown']), 1);
  t.strictSame(spool.stats(), { frames: 0, bytes: 0, evicted: 0, auditEvicted: 0, corrupt: 0 });
  t.equal(await spool.read(frame.id), null);
  t.strictSame(spool.peek(5, none), []);
});

t.test('peek skips what is on its way', async (t) => {
  const spool = await openSpool({ dir: folderOf(t), maxBytes: roomy });
  const frames = [makeFrame(), makeFrame(), makeFrame()];
  for (const frame of frames) await spool.put(frame);
  const [first, second, third] = frames.map(({ id }) => id);
  t.strictSame(spool.peek(2, none), [first, second], 'the oldest of equals first');
  t.strictSame(spool.peek(2, new Set([first ?? ''])), [second, third]);
});

t.test('a full spool loses the least valuable frames, never an audit sample before another', async (t) => {
  const events: SpoolEvent[] = [];
  const spool = await openSpool({ dir: folderOf(t), maxBytes: 6000, onEvent: (event) => events.push(event) });
  const audit = makeFrame({ kind: 'audit', score: 0 });
  const dull = makeFrame({ score: 0.1 });
  const dullToo = makeFrame({ score: 0.1 });
  const good = makeFrame({ score: 0.8 });
  for (const frame of [audit, dull, dullToo, good]) await spool.put(frame);
  t.equal(spool.stats().frames, 4);
  const better = makeFrame({ score: 0.9 });
  const best = makeFrame({ score: 1 });
  await spool.put(better);
  await spool.put(best);
  t.equal(spool.stats().evicted, 1);
  t.strictSame(
    events,
    [{ kind: 'evicted', id: dull.id, cause: 'cap', audit: false }],
    'the oldest of the least valuable',
  );
  const worthless = makeFrame({ score: 0.01 });
  await spool.put(worthless);
  t.equal(await spool.read(worthless.id), null, 'a newcomer worth less than all others is the one to go');
  t.equal(spool.stats().evicted, 2);
  for (let i = 0; i < 10; i++) await spool.put(makeFrame({ score: 1 }));
  t.ok(await spool.read(audit.id), 'the audit sample outlives everything else');
  t.ok(spool.stats().bytes <= 6000);
});

t.test('many puts at the same time never pass the cap together', async (t) => {
  const spool = await openSpool({ dir: folderOf(t), maxBytes: 20_000 });
  await Promise.all(Array.from({ length: 100 }, () => spool.put(makeFrame({ score: Math.random() }))));
  const { frames, bytes, evicted } = spool.stats();
  t.ok(bytes <= 20_000, `${bytes} bytes`);
  t.equal(frames + evicted, 100, 'each frame is stored or counted');
});

/** A disk that holds so many bytes. */
function smallDisk(capacity: number): SpoolDisk {
  const sizes = new Map<string, number>();
  return {
    ...realDisk,
    async write(folder, name, data) {
      const used = [...sizes.values()].reduce((sum, size) => sum + size, 0);
      if (used + data.byteLength > capacity) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
      await realDisk.write(folder, name, data);
      sizes.set(name, data.byteLength);
    },
    async remove(folder, name) {
      await realDisk.remove(folder, name);
      sizes.delete(name);
    },
  };
}

t.test(
  'a full disk costs the least valuable frames, and a put never fails for it while others are there',
  async (t) => {
    const events: SpoolEvent[] = [];
    const disk = smallDisk(10_000);
    const spool = await openSpool({
      dir: folderOf(t),
      maxBytes: roomy,
      disk,
      onEvent: (e) => events.push(e),
    });
    const dull = Array.from({ length: 7 }, () => makeFrame({ score: 0.1 }));
    for (const frame of dull) await spool.put(frame);
    const good = Array.from({ length: 4 }, () => makeFrame({ score: 0.9 }));
    for (const frame of good) await spool.put(frame);
    for (const frame of good) t.ok(await spool.read(frame.id));
    t.ok(spool.stats().evicted >= 3);
    t.ok(events.every((event) => event.kind === 'evicted' && event.cause === 'disk_full'));
    await spool.put(makeFrame({ score: 0.01 }));
    for (const frame of good)
      t.ok(await spool.read(frame.id), 'a worse frame does not displace a better one');

    const tiny = await openSpool({ dir: folderOf(t), maxBytes: roomy, disk: smallDisk(10) });
    await t.rejects(tiny.put(makeFrame()), { code: 'storage_full' });
  },
);

t.test('damaged files are moved aside and counted, and the rest goes on', async (t) => {
  const dir = folderOf(t);
  const first = await openSpool({ dir, maxBytes: roomy });
  const frames = [makeFrame(), makeFrame(), makeFrame()];
  for (const frame of frames) await first.put(frame);
  await first.close();
  const folder = join(dir, 'frames');
  const [flipped, cut] = (await readdir(folder)).sort();
  const content = await readFile(join(folder, flipped ?? ''));
  content[500] = (content[500] ?? 0) ^ 1;
  await writeFile(join(folder, flipped ?? ''), content);
  await writeFile(join(folder, cut ?? ''), content.subarray(0, 100));
  await writeFile(join(folder, 'foreign.txt'), 'who put this here');
  await writeFile(join(folder, `${flipped}.tmp`), 'an interrupted write');

  const events: SpoolEvent[] = [];
  const second = await openSpool({ dir, maxBytes: roomy, onEvent: (event) => events.push(event) });
  const read = await Promise.all(frames.map(({ id }) => second.read(id)));
  t.strictSame(read.map(plain), [null, null, frames[2]]);
  t.equal(second.stats().frames, 1);
  t.equal(second.stats().corrupt, 3);
  t.equal(events.length, 3);
  t.equal((await readdir(folder)).length, 1, 'only the good frame is left');
  t.equal((await readdir(join(dir, 'corrupt'))).length, 3);
});

t.test('refused frames are kept aside, bounded', async (t) => {
  const dir = folderOf(t);
  const spool = await openSpool({ dir, maxBytes: roomy });
  for (let i = 0; i < 210; i++) {
    const frame = makeFrame({ bytes: 10 });
    await spool.put(frame);
    await spool.reject(frame.id, 'image_unreadable');
  }
  t.equal(spool.stats().frames, 0);
  const kept = await readdir(join(dir, 'rejected'));
  t.equal(kept.length, 200);
  t.ok(kept.every((name) => name.includes('image_unreadable')));
});

t.test('newest first by configuration: by arrival, whatever clock the ids were made with', async (t) => {
  const dir = folderOf(t);
  const at2030 = '0192b000-0000-7000-8000-00000000000';
  const at1970 = '00000000-1000-7000-8000-00000000000';
  const ids = [`${at2030}1`, `${at1970}2`, `${at2030}3`, `${at1970}4`];
  const first = await openSpool({ dir, maxBytes: roomy, uploadOrder: 'newest' });
  for (const id of ids.slice(0, 2)) await first.put(makeFrame({ id, score: 1 }));
  await first.close();
  const second = await openSpool({ dir, maxBytes: roomy, uploadOrder: 'newest' });
  for (const id of ids.slice(2)) await second.put(makeFrame({ id, score: 0 }));
  t.strictSame(second.peek(9, none), ids.toReversed());
  await second.remove([ids[3] ?? '', ids[1] ?? '']);
  t.strictSame(second.peek(1, new Set([ids[2] ?? ''])), [ids[0]]);
  await second.close();
});

t.test('audit samples alone in a full spool are thinned at random, and every loss is told', async (t) => {
  const events: SpoolEvent[] = [];
  const maxBytes = 130_000;
  const spool = await openSpool({ dir: folderOf(t), maxBytes, onEvent: (event) => events.push(event) });
  const count = 600;
  const ids: string[] = [];
  for (let i = 0; i < count; i++) {
    const frame = makeFrame({ kind: 'audit', score: 0 });
    ids.push(frame.id);
    await spool.put(frame);
  }
  const { frames, evicted, auditEvicted, bytes } = spool.stats();
  t.equal(evicted, count - frames);
  t.equal(auditEvicted, evicted);
  t.equal(events.filter((event) => event.kind === 'evicted' && event.audit).length, evicted);
  t.ok(bytes <= maxBytes);
  const kept = new Set(spool.peek(count, none));
  const thirds = [0, 1, 2].map((third) => ids.slice(third * 200, third * 200 + 200));
  for (const third of thirds) {
    const share = third.filter((id) => kept.has(id)).length / kept.size;
    t.ok(share > 0.2 && share < 0.47, `${(share * 100).toFixed(0)} % of what is left came in this third`);
  }
  await spool.put(makeFrame({ score: 1 }));
  t.strictSame(new Set(spool.peek(count, none)), kept, 'nothing else displaces them');
  await spool.close();
});

t.test('frames give way before the disk has less left than it must, and without a put too', async (t) => {
  const events: SpoolEvent[] = [];
  let others = 0;
  const disk: SpoolDisk = {
    ...realDisk,
    free: async () => 1_000_000 - others - (await used()),
    // Slower than the housekeeping comes round.
    remove: async (...args) => {
      await setTimeout(30);
      await realDisk.remove(...args);
    },
  };
  const dir = folderOf(t);
  const used = async () => {
    const names = await readdir(join(dir, 'frames'));
    return names.reduce((sum, name) => sum + Number(name.split('.')[3] ?? 0), 0);
  };
  const spool = await openSpool({
    dir,
    maxBytes: roomy,
    minFreeBytes: 990_000,
    housekeepingMs: 20,
    disk,
    onEvent: (event) => events.push(event),
  });
  const dull = Array.from({ length: 6 }, () => makeFrame({ score: 0.1 }));
  const good = Array.from({ length: 6 }, () => makeFrame({ score: 0.9 }));
  for (const frame of [...dull, ...good]) await spool.put(frame);
  for (const frame of good) t.ok(await spool.read(frame.id));
  t.ok((await disk.free('')) >= 990_000);
  t.ok(events.length >= 4);
  t.ok(events.every((event) => event.kind === 'evicted' && event.cause === 'free_space'));
  others = 6000;
  await until('the housekeeping to make room', async () => (await disk.free('')) >= 990_000);
  t.ok(spool.stats().frames < 6);
  t.ok(spool.stats().frames > 0, 'no more than needed');
  await spool.close();
});

t.test(
  'a disk that refuses costs nothing that is stored, and what it did not remove is not sent',
  async (t) => {
    let refuses = false;
    const refuse = async () => {
      if (refuses) throw Object.assign(new Error('read-only'), { code: 'EROFS' });
    };
    const disk: SpoolDisk = {
      ...realDisk,
      write: async (...args) => {
        await refuse();
        await realDisk.write(...args);
      },
      remove: async (...args) => {
        await refuse();
        await realDisk.remove(...args);
      },
      move: async (...args) => {
        await refuse();
        await realDisk.move(...args);
      },
    };
    const dir = folderOf(t);
    const spool = await openSpool({ dir, maxBytes: 6000, disk, housekeepingMs: 20 });
    const frames = Array.from({ length: 4 }, () => makeFrame({ score: 0.5 }));
    for (const frame of frames) await spool.put(frame);
    const [received, refused] = frames.map(({ id }) => id);
    refuses = true;
    for (let i = 0; i < 20; i++) {
      await t.rejects(spool.put(makeFrame({ score: 1, bytes: 3000 })), { code: 'storage_failed' });
    }
    t.equal(spool.stats().frames, 4, 'an eviction that fails gives nothing up');
    t.equal(spool.stats().evicted, 0);
    t.equal(await spool.remove([received ?? '']), 1);
    await spool.reject(refused ?? '', 'image_unreadable');
    t.strictSame(
      spool.peek(9, none).sort(),
      frames.slice(2).map(({ id }) => id),
    );
    t.equal((await readdir(join(dir, 'frames'))).length, 4, 'their files are still there');
    refuses = false;
    await until('the files to go', async () => (await readdir(join(dir, 'frames'))).length === 2);
    await spool.put(makeFrame({ score: 1 }));
    t.equal(spool.stats().frames, 3);
    await spool.close();
  },
);

t.test('a file that cannot be read for a while is neither corrupt nor lost', async (t) => {
  let exhausted = true;
  const disk: SpoolDisk = {
    ...realDisk,
    read: async (...args) => {
      if (exhausted) throw Object.assign(new Error('too many open files'), { code: 'EMFILE' });
      return realDisk.read(...args);
    },
  };
  const spool = await openSpool({ dir: folderOf(t), maxBytes: roomy, disk });
  const frame = makeFrame();
  await spool.put(frame);
  await t.rejects(spool.readBytes(frame.id), { code: 'storage_failed' });
  exhausted = false;
  t.ok(await spool.readBytes(frame.id));
  t.equal(spool.stats().corrupt, 0);
});

t.test('a hundred thousand waiting frames are opened from one directory listing', async (t) => {
  const dir = folderOf(t);
  await mkdir(join(dir, 'frames'));
  const count = 100_000;
  for (let i = 0; i < count; i++) {
    const name = `${i}.${makeFrame({ bytes: 0 }).id}.${i % 1002}.1000.00000000.frame`;
    closeSync(openSync(join(dir, 'frames', name), 'w'));
  }
  const calls: string[] = [];
  const counted = <A extends unknown[], R>(name: string, call: (...args: A) => R) => {
    return (...args: A): R => {
      if (args[0] === join(dir, 'frames')) calls.push(name);
      return call(...args);
    };
  };
  const disk: SpoolDisk = {
    ...realDisk,
    list: counted('list', realDisk.list),
    read: counted('read', realDisk.read),
    size: counted('size', realDisk.size),
  };
  const start = performance.now();
  const cpu = process.cpuUsage();
  const spool = await openSpool({ dir, maxBytes: roomy, disk });
  const { user, system } = process.cpuUsage(cpu);
  const took = performance.now() - start;
  t.equal(spool.stats().frames, count);
  t.strictSame(calls, ['list']);
  // Processor time is what a machine busy with other tests does not stretch.
  const tookCpu = (user + system) / 1000;
  t.ok(tookCpu < 2000, `${tookCpu.toFixed(0)} ms of processor time, ${took.toFixed(0)} ms in all`);
  await spool.close();
});

import { readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openSpool, type SpoolEvent } from '../../src/spool/spool.js';
import { mountSmallDisk, type SmallDisk, whyNoSmallDisk } from '../helpers/small-disk.js';
import { until } from '../helpers/until.js';
import { makeFrame } from './frames.js';

const skip = whyNoSmallDisk();
const roomy = 1 << 30;
const megabyte = 1 << 20;

function onDisk(
  name: string,
  run: (t: Test, disk: SmallDisk, dir: string, free: () => number) => Promise<void>,
): void {
  t.test(name, skip ? { skip } : {}, async (t) => {
    const disk = mountSmallDisk(2 * megabyte);
    const free = () => {
      const { bavail, bsize } = statfsSync(disk.path);
      return bavail * bsize;
    };
    try {
      await run(t, disk, join(disk.path, 'spool'), free);
    } finally {
      disk.unmount();
    }
  });
}

onDisk('a disk that fills up costs the least valuable frames alone', async (t, disk, dir) => {
  const events: SpoolEvent[] = [];
  const spool = await openSpool({ dir, maxBytes: roomy, onEvent: (event) => events.push(event) });
  const good = Array.from({ length: 10 }, () => makeFrame({ score: 0.9, bytes: 50_000 }));
  for (const frame of good) await spool.put(frame);
  for (let i = 0; i < 60; i++) await spool.put(makeFrame({ score: 0.1, bytes: 50_000 }));
  const { frames, evicted } = spool.stats();
  t.equal(frames + evicted, 70);
  t.ok(evicted > 20);
  t.ok(events.every((event) => event.kind === 'evicted' && event.cause === 'disk_full'));
  for (const frame of good) t.ok(await spool.read(frame.id));

  const before = spool.stats().evicted;
  await spool.put(makeFrame({ score: 0.95, bytes: 400_000 }));
  t.ok(spool.stats().evicted > before, 'room is made for a large one');
  for (const name of readdirSync(join(dir, 'frames'))) t.notMatch(name, /\.tmp$/);
  await spool.remove(spool.peek(100, new Set()));
  // Nothing is left to give way: someone else has the disk.
  t.throws(() => writeFileSync(join(disk.path, 'foreign'), new Uint8Array(3 * megabyte)), { code: 'ENOSPC' });
  await t.rejects(spool.put(makeFrame({ bytes: 50_000 })), { code: 'storage_full' });
  rmSync(join(disk.path, 'foreign'));
  await spool.put(makeFrame({ bytes: 50_000 }));
  t.equal(spool.stats().frames, 1);
  await spool.close();
});

onDisk('so much of the disk stays free', async (t, disk, dir, free) => {
  const minFreeBytes = megabyte;
  const spool = await openSpool({ dir, maxBytes: roomy, minFreeBytes, housekeepingMs: 20 });
  for (let i = 0; i < 40; i++) await spool.put(makeFrame({ bytes: 50_000, score: i / 40 }));
  t.ok(free() >= minFreeBytes - 8192, `${free()} bytes are free`);
  const { frames, evicted } = spool.stats();
  t.equal(frames + evicted, 40);
  t.ok(frames > 10);
  writeFileSync(join(disk.path, 'foreign'), new Uint8Array(300_000));
  await until('frames to give way to what others write', () => free() >= minFreeBytes - 8192);
  t.ok(spool.stats().frames < frames);
  await spool.close();
});

onDisk(
  'remounted read-only: nothing is lost, nothing comes back, and then it goes on',
  async (t, disk, dir) => {
    const first = await openSpool({ dir, maxBytes: 400_000, housekeepingMs: 20 });
    const frames = Array.from({ length: 6 }, () => makeFrame({ bytes: 50_000 }));
    for (const frame of frames) await first.put(frame);
    const [received, rejected] = frames.map(({ id }) => id);
    await disk.readOnly(true);
    for (let i = 0; i < 50; i++) {
      await t.rejects(first.put(makeFrame({ score: 1, bytes: 100_000 })), { code: 'storage_failed' });
    }
    t.equal(await first.remove([received ?? '']), 1);
    await first.reject(rejected ?? '', 'image_unreadable');
    const left = first.peek(9, new Set()).sort();
    t.strictSame(
      left,
      frames.slice(2).map(({ id }) => id),
    );
    for (const id of left) t.ok(await first.read(id), 'what is stored can still be sent');
    t.equal(first.stats().evicted, 0);

    const second = await openSpool({ dir, maxBytes: 400_000, housekeepingMs: 20 });
    t.equal(second.stats().frames, 6, 'opening needs no write');
    await second.close();

    await disk.readOnly(false);
    await until('the files to go', () => readdirSync(join(dir, 'frames')).length === 4);
    await first.put(makeFrame({ bytes: 50_000 }));
    t.equal(first.stats().frames, 5);
    await first.close();
  },
);

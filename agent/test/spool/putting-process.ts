import { openSpool } from '../../src/spool/spool.js';
import { makeFrame } from './frames.js';

/**
 * Puts frames until it is killed, and removes every fourth. Says `+id` when a put has resolved, and not before, and
 * `-id` before it removes.
 */
const [dir = '', prefix = '0'] = process.argv.slice(2);
const spool = await openSpool({ dir, maxBytes: 1 << 30 });
process.stdout.write('ready\n');
let next = 0;
const putForEver = async (): Promise<void> => {
  for (;;) {
    const number = next++;
    const id = `01900000-0000-7000-8000-${prefix.padStart(4, '0')}${number.toString(16).padStart(8, '0')}`;
    await spool.put(makeFrame({ id, bytes: 20_000, score: (number % 10) / 10 }));
    process.stdout.write(`+${id}\n`);
    if (number % 4 !== 3) continue;
    process.stdout.write(`-${id}\n`);
    await spool.remove([id]);
  }
};
await Promise.all(Array.from({ length: 8 }, putForEver));

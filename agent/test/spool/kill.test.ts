import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { openSpool } from '../../src/spool/spool.js';
import { folderOf } from '../helpers/folder.js';

const program = fileURLToPath(new URL('./putting-process.js', import.meta.url));
const rounds = 25;

t.test(`every put that resolved survives SIGKILL, ${rounds} times at a random moment`, async (t) => {
  const dir = folderOf(t);
  const acknowledged = new Set<string>();
  const removed = new Set<string>();
  for (let round = 0; round < rounds; round++) {
    const child = spawn(process.execPath, [program, dir, round.toString(16)], {
      env: {},
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    const lines = createInterface({ input: child.stdout });
    const closed = once(lines, 'close');
    // By what it has done rather than by the clock, so that a busy machine is killed at work too.
    let untilKill = 1 + Math.floor(Math.random() * 40);
    lines.on('line', (line) => {
      if (--untilKill === 0) setTimeout(() => child.kill('SIGKILL'), Math.random() * 10);
      if (line.startsWith('+')) acknowledged.add(line.slice(1));
      else if (line.startsWith('-')) removed.add(line.slice(1));
    });
    await Promise.all([exited, closed]);
  }
  const spool = await openSpool({ dir, maxBytes: 1 << 30 });
  t.ok(acknowledged.size > rounds * 5, `${acknowledged.size} frames acknowledged`);
  let lost = 0;
  for (const id of acknowledged) if (!removed.has(id) && !(await spool.read(id))) lost++;
  t.equal(lost, 0, 'no acknowledged frame is lost');
  const left = spool.peek(1e9, new Set()).filter((id) => removed.has(id)).length;
  t.ok(left <= rounds * 8, `${left} of ${removed.size} removals were under way`);
  t.equal(spool.stats().corrupt, 0, 'an interrupted write leaves no damaged frame');
  await spool.close();
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Line } from '../../src/system/line.js';

// Most of their time they wait.
t.jobs = 2;

/**
 * One fault on a line of its own: real server, real boxes. Two of a file run beside each other. The folder stays when the
 * test fails.
 */
export function onALine(
  name: string,
  run: (t: Test, line: Line, dir: string) => Promise<void>,
  { skip, timeoutMs = 300_000 }: { skip?: string | false; timeoutMs?: number } = {},
): void {
  t.test(name, { buffered: true, timeout: timeoutMs, ...(skip ? { skip } : {}) }, async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'lineside-fault-'));
    const line = await Line.start(dir);
    try {
      await run(t, line, dir);
    } catch (error) {
      t.comment(`the working folder is ${dir}`);
      await line.stop();
      throw error;
    }
    await line.stop();
    if (t.passing()) await rm(dir, { recursive: true, force: true });
  });
}

import { join } from 'node:path';
import { temporaryFolder } from '@lineside/fleet-server/testing/engines';
import type { Test } from 'tap';
import { storeFrames } from '../bench/console/stored-frames.js';
import { type RunningServer, startServer } from './server.js';

/** A fleet server for as long as the test. @param fill its store, or how many frames it has */
export async function filledServer(
  t: Pick<Test, 'teardown'>,
  fill: number | ((dataDir: string) => Promise<unknown>),
): Promise<RunningServer> {
  const dataDir = join(await temporaryFolder(t), 'server');
  await (typeof fill === 'number' ? storeFrames({ dataDir, count: fill, nowMs: Date.now() }) : fill(dataDir));
  const server = await startServer({ dataDir });
  t.teardown(() => server.stop());
  return server;
}

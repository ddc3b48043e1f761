import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DesiredState } from '@lineside/shared';
import { type Child, messageFrom, startChild } from '../../system/child.js';
import { freePort } from '../../system/free-port.js';
import { until } from '../../system/until.js';
import type { BareOrder } from './bare-broker.js';
import { collecting, type Target } from './target.js';

const entry = new URL('./bare-broker.js', import.meta.url);

export interface BareTarget extends Target {
  tell(desired: DesiredState): void;
}

/** aedes alone behind the same certificates. */
export async function startBare(workDir: string, trustDir: string): Promise<BareTarget> {
  const [ca = '', certificate = '', key = ''] = await Promise.all(
    ['ca.pem', 'server.pem', 'server.key'].map((name) => readFile(join(trustDir, name), 'utf8')),
  );
  const port = await freePort();
  const send = (order: BareOrder) => child.process.send(order);
  const listen = async (): Promise<Child> => {
    const started = startChild(entry, [], { logFile: join(workDir, 'bare.log'), env: collecting });
    const listening = messageFrom(started, 'listening', 30_000);
    started.process.send({ type: 'listen', port, key, certificate, ca } satisfies BareOrder);
    await listening;
    return started;
  };
  let child = await listen();
  const reports = async () => {
    const answer = messageFrom<{ type: 'count'; reports: number }>(child, 'count', 60_000);
    send({ type: 'count' });
    return (await answer).reports;
  };
  return {
    name: 'bare',
    mqttUrl: `mqtts://127.0.0.1:${port}`,
    get pid() {
      return child.pid;
    },
    async restart() {
      await child.kill();
      child = await listen();
    },
    reports,
    // It keeps nothing: what it took in is all there is.
    known: async () => {},
    online: async (devices) => {
      await until('the reports of all devices', async () => (await reports()) >= devices, {
        timeoutMs: 600_000,
        everyMs: 100,
      });
    },
    tell: (desired) => void send({ type: 'tell', desired }),
    stop: () => child.stop(),
  };
}

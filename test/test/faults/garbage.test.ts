import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { seededRandom } from '@lineside/fleet-server/learning/random';
import { freePort } from '../../src/system/free-port.js';
import { dropFile, noisyPicture, watchedFolder } from '../../src/system/pictures.js';
import { until } from '../../src/system/until.js';
import { onALine } from './on-a-line.js';

const bytes = 10_000;

/** Answers everyone who connects with random bytes. */
async function babbler(): Promise<{ server: Server; port: number; callers: () => number }> {
  let callers = 0;
  const server = createServer((socket) => {
    callers++;
    socket.on('error', () => {});
    socket.on('data', () => {});
    socket.end(randomBytes(bytes));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as { port: number }).port, callers: () => callers };
}

async function sendGarbage(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.on('data', () => {});
  socket.end(randomBytes(bytes));
  await once(socket, 'close');
}

onALine(
  `${bytes} random bytes to every input: each is told, and the camera decides throughout`,
  async (t, line, dir) => {
    const random = seededRandom(9);
    const incoming = join(dir, 'box', 'incoming');
    const port = await freePort();
    const modbus = await babbler();
    const broker = await babbler();
    const webhook = await babbler();
    const engine = await babbler();
    const settings = {
      cameras: [
        watchedFolder(incoming),
        {
          id: 'triggered',
          source: { kind: 'synthetic', framesPerSecond: 5, width: 64, height: 64 },
          trigger: { kind: 'external', modbus: { host: '127.0.0.1', port: modbus.port, address: 0 } },
        },
      ],
      policy: { recordAll: true },
      outputs: [
        { kind: 'jsonl', path: join(dir, 'box', 'decisions.jsonl') },
        { kind: 'mqtt', url: `mqtt://127.0.0.1:${broker.port}` },
        { kind: 'webhook', url: `http://127.0.0.1:${webhook.port}/` },
        {
          kind: 'modbus',
          host: '127.0.0.1',
          port: modbus.port,
          address: 1,
          values: { dark: 1, light: 2 },
          safeValue: 0,
        },
      ],
      inference: { backend: 'oip', oip: { url: `http://127.0.0.1:${engine.port}`, timeoutMs: 500 } },
      http: { port },
    };
    const box = await line.enrol('box');
    try {
      const agent = await box.start(settings);
      const good: string[] = [];
      for (let round = 0; round < 20; round++) {
        await dropFile(incoming, `bad-${round}.jpg`, randomBytes(bytes));
        const name = `good-${round}.jpg`;
        await dropFile(incoming, name, await noisyPicture(round % 2 === 0, random));
        good.push(name);
        await sendGarbage(port).catch(() => {});
        await until(`${name} to be decided`, async () =>
          (await box.decisions()).some(({ source }) => source === name),
        );
      }
      for (const input of [modbus, broker, webhook, engine]) {
        await until('every endpoint to be tried', () => input.callers() > 0);
      }
      await until('the good pictures to arrive', async () => {
        const stored = await line.storedSources();
        return good.every((name) => stored.includes(name));
      });
      const health = await fetch(`http://127.0.0.1:${port}/healthz`);
      t.equal(health.status, 200, 'the local page answers');
      t.equal(agent.process.exitCode, null, 'the same process runs');
      t.ok(
        (await box.decisions()).every(({ decision }) => decision !== null),
        'the model decided every readable picture',
      );

      // Every file of its own state, one after the other.
      await box.stop();
      const files = (await readdir(box.stateDir, { recursive: true, withFileTypes: true }))
        .filter((file) => file.isFile() && !file.parentPath.includes('artifacts'))
        .map((file) => join(file.parentPath, file.name))
        .filter((file) => !file.includes('identity') && !file.endsWith('.pem'));
      for (const file of files) {
        const before = await readFile(file);
        await writeFile(file, randomBytes(bytes));
        await box.start(settings);
        const name = `after-${files.indexOf(file)}.jpg`;
        await dropFile(incoming, name, await noisyPicture(true, random));
        const decided = await until(
          `a decision with a damaged ${file.slice(box.stateDir.length)}`,
          async () => (await box.decisions()).find(({ source }) => source === name),
        );
        t.ok(decided, `decides with a damaged ${file.slice(box.stateDir.length)}`);
        await box.stop();
        if (file.includes('tuf')) await writeFile(file, before);
      }
    } finally {
      await box.stop();
      for (const { server } of [modbus, broker, webhook, engine]) server.close();
    }
  },
  { timeoutMs: 900_000 },
);

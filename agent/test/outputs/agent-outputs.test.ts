import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import modbus from 'modbus-serial';
import t from 'tap';
import type { Source, SourceEvents } from '../../src/capture/source.js';
import { parseConfig } from '../../src/config.js';
import { createAgent } from '../../src/runtime.js';
import { createTestAuthority } from '../enrol/test-authority.js';
import { folderOf } from '../helpers/folder.js';
import { freePort } from '../helpers/free-port.js';
import { installTinyModel } from '../helpers/installed-model.js';
import { plain } from '../helpers/tiny-model.js';
import { until } from '../helpers/until.js';
import { identityFor } from '../uplink/test-broker.js';

t.setTimeout(120_000);

t.test('an agent’s register follows its camera: decisions, a failure, and the end', async (t) => {
  const stateDir = join(folderOf(t), 'state');
  await mkdir(join(stateDir, 'identity'), { recursive: true });
  const identity = await identityFor(await createTestAuthority(), 'box', 'mqtts://127.0.0.1:1');
  await writeFile(join(stateDir, 'identity', 'identity.json'), JSON.stringify(identity));
  await installTinyModel(stateDir, { threshold: 0.95 });

  const port = await freePort();
  const written: number[] = [];
  const setRegister = async (_address: number, value: number): Promise<void> => {
    written.push(value);
  };
  const controller = new modbus.ServerTCP({ setRegister }, { host: '127.0.0.1', port, unitID: 1 });
  await once(controller, 'initialized');
  t.teardown(() => controller.close(() => {}));

  let camera: SourceEvents | null = null;
  let sequence = 0;
  const source: Source = {
    live: true,
    async start(events) {
      camera = events;
    },
    async stop() {},
  };
  const see = (red: number): void => {
    const picture = { cameraId: 'cam', sequence: sequence++, ...plain(red) };
    void camera?.onFrame({ ...picture, capturedAt: Date.now(), capturedAtMonotonicMs: performance.now() });
  };
  const output = { kind: 'modbus', host: '127.0.0.1', port, address: 3, safeValue: 9, timeoutMs: 60_000 };
  const config = parseConfig({
    stateDir,
    cameras: [{ id: 'cam', source: { kind: 'synthetic' }, trigger: { kind: 'interval', everyMs: 10 } }],
    policy: { auditShare: 0 },
    outputs: [{ ...output, values: { dark: 1, bright: 2 }, safeAfterMs: 0 }],
  });
  const agent = createAgent(config, { createSource: () => source });
  t.teardown(() => agent.stop());
  await agent.start();
  await until('the safe value before any decision', () => written.at(-1) === 9);
  for (const [red, value] of [
    [0, 1],
    [255, 2],
    [126, 9],
    [255, 2],
  ] as const) {
    const before = written.length;
    see(red);
    await until(`a decision about ${red}`, () => written.length > before);
    t.equal(written.at(-1), value);
  }
  (camera as SourceEvents | null)?.onState('backing_off', 'the cable is out');
  await until('the safe value while the camera is away', () => written.at(-1) === 9);
  (camera as SourceEvents | null)?.onState('running');
  see(0);
  await until('the camera is back', () => written.at(-1) === 1);
  t.type(agent.health().cameras[0]?.stages.delivered.at, 'number');
  await agent.stop();
  t.equal(written.at(-1), 9, 'the safe value at the end');
});

import { once } from 'node:events';
import modbus from 'modbus-serial';
import t, { type Test } from 'tap';
import { freePort } from '../helpers/free-port.js';
import { until } from '../helpers/until.js';
import { startOutput } from './output-harness.js';

t.setTimeout(180_000);

interface Controller {
  readonly port: number;
  /** What was written to address 7, in order. */
  readonly written: number[];
  close(): Promise<void>;
}

/** A real Modbus TCP server. @param answer when it answers a write; by default at once */
async function startController(
  t: Test,
  answer: (value: number) => Promise<void> = async () => {},
  port?: number,
): Promise<Controller> {
  const written: number[] = [];
  const write = (address: number, value: number | boolean): Promise<void> => {
    if (address !== 7)
      return Promise.reject(Object.assign(new Error('no such address'), { modbusErrorCode: 2 }));
    written.push(Number(value));
    return answer(Number(value));
  };
  const chosen = port ?? (await freePort());
  const server = new modbus.ServerTCP(
    { setRegister: write, setCoil: write },
    { host: '127.0.0.1', port: chosen, unitID: 1 },
  );
  server.on('socketError', () => {});
  await once(server, 'initialized');
  let open = true;
  const close = async (): Promise<void> => {
    if (!open) return;
    open = false;
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  t.teardown(close);
  return { port: chosen, written, close };
}

const register = (port: number, more: object = {}) => ({
  kind: 'modbus',
  host: '127.0.0.1',
  port,
  address: 7,
  values: { good: 1, scratch: 2 },
  safeValue: 99,
  timeoutMs: 10_000,
  ...more,
});

t.test('the register shows each decision, and the safe value whenever the camera is not sure', async (t) => {
  const controller = await startController(t);
  const { emit, counts, output, statistics } = startOutput(t, register(controller.port));
  await until('the first safe value', () => controller.written.length === 1);
  const decisions = [
    { classId: 'good' },
    { classId: 'scratch' },
    { classId: 'scratch', accepted: false },
    { classId: 'good' },
    { classId: 'constructor' },
    { decision: null },
  ] as const;
  for (const [index, decided] of decisions.entries()) {
    emit(decided);
    await until(`write ${index}`, () => counts.delivered === index + 1);
  }
  emit({ camera: 'other' });
  await output.close();
  t.same(controller.written, [99, 1, 2, 99, 1, 99, 99, 99]);
  t.equal(counts.failed, 0);
  t.ok(counts.latencyMs.percentiles().p99 > 0);
  t.type(statistics.stages('cam').delivered.at, 'number');
});

t.test('a coil is written as on and off', async (t) => {
  const controller = await startController(t);
  const coil = { table: 'coil', values: { good: 0, scratch: 1 }, safeValue: 1 };
  const { emit, counts } = startOutput(t, register(controller.port, coil));
  emit({ classId: 'good' });
  await until('the decision', () => counts.delivered === 1);
  t.equal(controller.written.at(-1), 0);
});

t.test('a slow controller gets the newest decision, never all of them', async (t) => {
  const answers: (() => void)[] = [];
  const controller = await startController(t, () => new Promise((resolve) => answers.push(resolve)));
  const { emit, counts, errors } = startOutput(
    t,
    register(controller.port, {
      values: Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`c${at}`, at])),
    }),
  );
  await until('the first safe value', () => answers.length === 1);
  for (let at = 0; at < 20; at++) emit({ classId: `c${at}` });
  t.equal(counts.failed, 19, 'all but the newest are given up at once');
  answers.shift()?.();
  await until('the newest', () => controller.written.length === 2);
  answers.shift()?.();
  await until('its answer', () => counts.delivered === 1);
  t.same(controller.written, [99, 19]);
  t.equal(errors.length, 1, 'told once, not nineteen times');
  t.match(errors[0], { code: 'output_failed', message: /^modbus: a decision of cam was not delivered/ });
  controller.close();
});

t.test('a controller that dies with a write under way gets that decision never again', async (t) => {
  const dying = await startController(t, (value) =>
    value === 2 ? new Promise(() => {}) : Promise.resolve(),
  );
  const { emit, counts, statistics } = startOutput(t, register(dying.port));
  emit({ classId: 'good' });
  await until('the first decision', () => counts.delivered === 1);
  emit({ classId: 'scratch' });
  await until('the write that is never answered', () => dying.written.at(-1) === 2);
  await dying.close();
  await until('the decision is given up', () => counts.failed === 1);
  t.match(statistics.stages('cam').delivered.message, /^modbus: the connection was lost/);

  const next = await startController(t, undefined, dying.port);
  await until('the safe value, as nobody knows what the register shows', () => next.written.length === 1);
  emit({ classId: 'good' });
  await until('the next decision', () => counts.delivered === 2);
  t.same(next.written, [99, 1]);
});

t.test('a controller that stands still: given up in time, then the safe value', async (t) => {
  const controller = await startController(t, (value) =>
    value === 2 ? new Promise(() => {}) : Promise.resolve(),
  );
  const { emit, counts } = startOutput(t, register(controller.port, { timeoutMs: 300 }));
  await until('the first safe value', () => controller.written.length === 1);
  const started = performance.now();
  emit({ classId: 'scratch' });
  await until('the decision is given up', () => counts.failed === 1);
  t.ok(performance.now() - started >= 290, 'not before its time');
  await until('the safe value', () => controller.written.length === 3);
  t.same(controller.written, [99, 2, 99]);
});

t.test('without a controller decisions are given up in time, and none of them turns up later', async (t) => {
  const port = await freePort();
  const { emit, counts, errors } = startOutput(t, register(port, { timeoutMs: 100 }));
  for (let at = 0; at < 50; at++) emit({ classId: 'scratch' });
  await until('all are given up', () => counts.failed === 50);
  await until('the cause is told', () => errors.some(({ message }) => /ECONNREFUSED/.test(message)));
  emit({ classId: 'good', ageMs: 5000 });
  t.equal(counts.failed, 51, 'one that is already too old is not even tried');
  const controller = await startController(t, undefined, port);
  await until('the safe value', () => controller.written.length === 1);
  t.same(controller.written, [99]);
});

t.test(
  'a refusal by the controller is told with its words, and the safe value is tried with pauses',
  async (t) => {
    const controller = await startController(t);
    const { emit, counts, errors } = startOutput(t, register(controller.port, { address: 8 }));
    emit();
    await until('the refusal', () => counts.failed === 1);
    t.match(errors.map(({ message }) => message).join('\n'), /Illegal data address/i);
    t.same(controller.written, []);
  },
);

const synthetic = { kind: 'synthetic', framesPerSecond: 1000 };

t.test(
  'a camera that stops deciding is not relied on; one that waits for a trigger may be silent',
  async (t) => {
    const controller = await startController(t);
    const cameras = [
      { id: 'cam', source: synthetic },
      { id: 'waiting', source: synthetic, trigger: { kind: 'external' } },
    ];
    const { emit, counts } = startOutput(t, register(controller.port, { safeAfterMs: 200 }), cameras);
    emit({ classId: 'good' });
    await until('the decision', () => counts.delivered === 1);
    const before = controller.written.length;
    await until('the safe value after the silence', () => controller.written.length === before + 1);
    t.same(controller.written.slice(before - 1), [1, 99]);
    emit({ classId: 'scratch', camera: 'waiting' });
    await until('another camera decides', () => counts.delivered === 2);
    t.equal(controller.written.at(-1), 99, 'the safe value stands while one camera is silent');
    emit({ classId: 'scratch' });
    await until('the silent one decides again', () => counts.delivered === 3);
    t.ok(controller.written.includes(2));
  },
);

t.test('a camera in doubt is not relied on until it decides a picture taken after that', async (t) => {
  const controller = await startController(t);
  const { emit, counts, output } = startOutput(t, register(controller.port, { safeAfterMs: 0 }));
  emit({ classId: 'good' });
  await until('the decision', () => counts.delivered === 1);
  output.doubt?.('cam', false);
  output.doubt?.('other', true);
  output.doubt?.('cam', true);
  await until('the camera is in doubt', () => controller.written.at(-1) === 99);
  emit({ classId: 'scratch' });
  await until('it decides all the same', () => counts.delivered === 2);
  output.doubt?.('cam', false);
  emit({ classId: 'good', ageMs: 1000 });
  await until('a decision about a picture from before', () => counts.delivered === 3);
  t.notOk(controller.written.includes(2), 'nothing but the safe value from the doubt on');
  emit({ classId: 'good' });
  await until('a decision about a new picture', () => counts.delivered === 4);
  t.equal(controller.written.at(-1), 1);
});

import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { LinesideError } from '@lineside/shared';
import modbus from 'modbus-serial';
import t, { type Test } from 'tap';
import { type CapturedFrame, captureClock } from '../../src/capture/source.js';
import { ExternalTrigger } from '../../src/capture/triggers/external-trigger.js';
import { IntervalTrigger } from '../../src/capture/triggers/interval-trigger.js';
import { ModbusEdge } from '../../src/capture/triggers/modbus-edge.js';
import { MotionTrigger } from '../../src/capture/triggers/motion-trigger.js';
import { until } from '../helpers/until.js';

const [width, height] = [320, 240];

/** A grey picture with a white box on it, as of a monotonic time. */
function frameAt(ms: number, boxLeft = -1, box = 60): CapturedFrame {
  const rgb = Buffer.alloc(width * height * 3, 100);
  if (boxLeft >= 0) {
    for (let y = 90; y < 90 + box; y++) {
      rgb.fill(220, (y * width + boxLeft) * 3, (y * width + boxLeft + box) * 3);
    }
  }
  return { cameraId: 'cam', sequence: 0, capturedAt: 0, capturedAtMonotonicMs: ms, width, height, rgb };
}

t.test('interval: one frame in each, and a late one does not shift the others', async (t) => {
  const trigger = new IntervalTrigger(100);
  const taken = (times: number[]) => times.filter((ms) => trigger.takes(frameAt(ms)));
  t.same(taken([5, 35, 65, 104, 106, 140, 190, 206]), [5, 106, 206]);
  t.same(taken([390, 400, 406, 410, 1000, 1001, 1006]), [390, 406, 1000, 1006], 'none is made up for a gap');
});

t.test('motion: every frame in which enough of the picture changes', async (t) => {
  const trigger = new MotionTrigger({ changedShare: 0.02, settleMs: 0 });
  const taken = [-1, -1, 10, 60, 60, 60, -1, -1].map((left, i) => trigger.takes(frameAt(i * 30, left)));
  t.same(taken, [false, false, true, true, false, false, true, false]);
  const coarse = new MotionTrigger({ changedShare: 0.5, settleMs: 0 });
  t.same(
    [-1, 10, 60].map((left, i) => coarse.takes(frameAt(i * 30, left))),
    [false, false, false],
  );
  const noisy = (): CapturedFrame => {
    const frame = frameAt(0);
    for (let i = 0; i < frame.rgb.length; i++) frame.rgb[i] = 90 + ((i * 7919 + Math.random() * 20) % 20);
    return frame;
  };
  const calm = new MotionTrigger({ changedShare: 0.02, settleMs: 0 });
  t.same(
    Array.from({ length: 10 }, () => calm.takes(noisy())),
    Array.from({ length: 10 }, () => false),
    'the noise of a sensor is no motion',
  );
});

t.test('motion: one frame when it has come to rest', async (t) => {
  const trigger = new MotionTrigger({ changedShare: 0.02, settleMs: 100 });
  const taken: number[] = [];
  for (let ms = 0; ms < 1500; ms += 30) {
    // A part comes in, lies still from 300 ms on, and leaves at 900 ms.
    const left = ms < 150 ? -1 : ms < 900 ? Math.min(ms, 300) - 100 : -1;
    if (trigger.takes(frameAt(ms, Math.floor(left)))) taken.push(ms);
  }
  t.equal(taken.length, 2, `taken at ${taken}`);
  t.ok((taken[0] ?? 0) >= 400 && (taken[0] ?? 0) < 500, 'the part at rest');
  t.ok((taken[1] ?? 0) >= 1000 && (taken[1] ?? 0) < 1100, 'the empty place at rest');
});

t.test('external: the first frame captured after it was fired, and only that one', async (t) => {
  let now = 1000;
  const errors: LinesideError[] = [];
  const trigger = new ExternalTrigger({
    clock: { wallMs: () => now, monotonicMs: () => now },
    onError: (error) => errors.push(error),
    patienceMs: 50,
  });
  t.teardown(() => trigger.stop());
  t.notOk(trigger.takes(frameAt(990)));
  trigger.fire();
  now = 1010;
  trigger.fire();
  t.notOk(trigger.takes(frameAt(995)), 'begun before it was fired');
  t.ok(trigger.takes(frameAt(1020)));
  t.notOk(trigger.takes(frameAt(1050)), 'fired twice before one frame: one frame');

  trigger.fire();
  await until('the patience to end', () => errors.length === 1);
  t.match(errors[0], { code: 'trigger_failed', message: /given up/ });
  t.notOk(trigger.takes(frameAt(5000)), 'a late frame would show another part');
});

interface Controller {
  port: number;
  set(high: boolean): void;
  /** Reads answered so far. */
  reads(): number;
  close(): Promise<void>;
}

async function controller(test: Test, port = 0): Promise<Controller> {
  let level = false;
  let reads = 0;
  const bit = (address: number): boolean => {
    if (address !== 7) return false;
    reads += 1;
    return level;
  };
  const server = new modbus.ServerTCP(
    { getCoil: bit, getDiscreteInput: bit },
    { host: '127.0.0.1', port, unitID: 3 },
  );
  server.on('socketError', () => {});
  server.on('serverError', () => {});
  const listening = (server as unknown as { _server: { address(): { port: number } } })._server;
  await once(server, 'initialized');
  let closed = false;
  const close = () =>
    new Promise<void>((resolve) => {
      if (closed) return resolve();
      closed = true;
      server.close(() => resolve());
    });
  test.teardown(close);
  return {
    port: listening.address().port,
    set: (high) => {
      level = high;
    },
    reads: () => reads,
    close,
  };
}

for (const table of ['coil', 'discrete_input'] as const) {
  t.test(`Modbus ${table}: each rise is one edge, through the loss of the controller`, async (t) => {
    const first = await controller(t);
    first.set(true);
    let edges = 0;
    const errors: LinesideError[] = [];
    const edge = new ModbusEdge(
      { host: '127.0.0.1', port: first.port, unitId: 3, table, address: 7, pollMs: 5 },
      { onEdge: () => edges++, onError: (error) => errors.push(error), backoff: { minMs: 10, maxMs: 50 } },
    );
    t.teardown(() => edge.stop());
    edge.start();
    const seen = async (of: Controller, high: boolean): Promise<void> => {
      of.set(high);
      const before = of.reads();
      await until('the level to be seen', () => of.reads() >= before + 2);
    };
    await seen(first, true);
    t.equal(edges, 0, 'a level that was high from the start is no rise');
    for (let i = 1; i <= 3; i++) {
      await seen(first, false);
      await seen(first, true);
      await until('the edge', () => edges === i);
    }
    await seen(first, false);
    await first.close();
    await until('the loss to be told', () => errors.length === 1);
    t.match(errors[0], { code: 'trigger_failed', message: new RegExp(`127.0.0.1:${first.port}`) });

    const second = await controller(t, first.port);
    await seen(second, true);
    t.equal(edges, 3, 'a rise during the outage belongs to a part that is gone');
    await seen(second, false);
    await seen(second, true);
    await until('an edge of the controller that is back', () => edges === 4);
    t.equal(errors.length, 1, 'one outage is told once');
  });
}

t.test(
  'Modbus: a controller that takes connections and never answers is told of, and left at once',
  async (t) => {
    const sockets = new Set<Socket>();
    const mute = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
    }).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    t.teardown(() => {
      for (const socket of sockets) socket.destroy();
      mute.close();
    });
    const address = mute.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const errors: LinesideError[] = [];
    const trigger = new ExternalTrigger({
      clock: captureClock,
      onError: (error) => errors.push(error),
      modbus: { host: '127.0.0.1', port, unitId: 1, table: 'coil', address: 0, pollMs: 5 },
    });
    await trigger.start();
    await until('the silence to be told', () => errors.length >= 1);
    t.equal(errors[0]?.code, 'trigger_failed');
    await trigger.stop();
  },
);

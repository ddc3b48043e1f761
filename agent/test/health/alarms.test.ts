import t from 'tap';
import { type AlarmMemory, lookForAlarms, noAlarms } from '../../src/health/alarms/alarms.js';
import type { Observation, ObservedCamera } from '../../src/health/alarms/observation.js';

const well: Observation = {
  uptimeMs: 60_000,
  wallMs: Date.UTC(2026, 5, 1),
  cameras: [],
  hasModel: true,
  backend: { requested: 'cpu', actual: 'cpu', degraded: false },
  config: { phase: 'own' },
  holdWasLifted: false,
  outputs: [],
  vitals: {
    memory: { totalBytes: 8e9, availableBytes: 4e9 },
    disk: { totalBytes: 64e9, freeBytes: 32e9 },
    temperatureCelsius: 50,
  },
  minFreeBytes: 256e6,
  evictedAgoMs: null,
  storageFullAgoMs: null,
  storageFailedAgoMs: null,
  clockOffsetMs: 0,
  gaveUp: null,
};
const camera = (more: Partial<ObservedCamera> = {}): ObservedCamera => ({
  id: 'cam',
  state: 'running',
  stateForMs: 60_000,
  silence: null,
  imageHealth: [],
  ...more,
});
const codes = (observed: Partial<Observation>): string[] => {
  const first = lookForAlarms(noAlarms, { ...well, ...observed }, 0);
  return lookForAlarms(first.memory, { ...well, ...observed }, 60_000).alarms.map(({ code }) => code);
};

t.test('each thing that can be wrong has its alarm', async (t) => {
  t.same(codes({ cameras: [camera()] }), []);
  t.same(codes({ holdWasLifted: true }), ['hold_lifted']);
  const silence = { forMs: 7000, at: 'inference' } as const;
  t.same(codes({ cameras: [camera({ silence })] }), ['camera_silent']);
  t.same(
    codes({ cameras: [camera({ silence })], hasModel: false }),
    ['model_absent'],
    'one cause, one alarm',
  );
  t.same(codes({ hasModel: false, uptimeMs: 100 }), [], 'a start is no alarm');
  t.same(codes({ cameras: [camera({ state: 'starting' })] }), ['capture_stalled']);
  for (const [state, code] of [
    ['failed', 'capture_failed'],
    ['backing_off', 'capture_failed'],
    ['flapping', 'capture_flapping'],
    ['frozen', 'capture_frozen'],
  ] as const) {
    t.same(codes({ cameras: [camera({ state, message: 'no such device' })] }), [code]);
  }
  t.same(codes({ cameras: [camera({ state: 'finished' })] }), []);
  t.same(codes({ cameras: [camera({ imageHealth: ['dark'] })] }), ['image_unhealthy']);
  t.same(codes({ backend: { requested: 'cuda', actual: 'cpu', degraded: true } }), ['backend_degraded']);
  t.same(codes({ backend: { requested: 'oip', actual: 'none', degraded: true } }), ['backend_unreachable']);
  t.same(codes({ outputs: [{ name: 'plc', failedInARow: 3 }] }), ['output_failed']);
  t.same(codes({ outputs: [{ name: 'plc', failedInARow: 2 }] }), []);
  t.same(codes({ storageFailedAgoMs: 100 }), ['storage_failed']);
  t.same(codes({ storageFullAgoMs: 100 }), ['storage_full']);
  t.same(codes({ evictedAgoMs: 100 }), ['spool_evicting']);
  t.same(codes({ vitals: { ...well.vitals, disk: { totalBytes: 64e9, freeBytes: 1e8 } } }), ['disk_low']);
  t.same(codes({ vitals: { ...well.vitals, temperatureCelsius: 90 } }), ['temperature_high']);
  t.same(codes({ vitals: { ...well.vitals, memory: { totalBytes: 8e9, availableBytes: 1e8 } } }), [
    'memory_low',
  ]);
  t.same(codes({ clockOffsetMs: -180_000 }), ['clock_wrong']);
  t.same(codes({ clockOffsetMs: null, wallMs: 1000 }), ['clock_wrong'], 'a clock that starts in 1970');
  t.same(codes({ config: { phase: 'rolled_back' } }), ['config_unhealthy']);
  t.same(codes({ config: { phase: 'rejected' } }), ['config_invalid']);
  t.same(codes({ gaveUp: 'it did not help' }), ['restarts_exhausted']);
});

t.test('an alarm starts and ends once, whatever flickers between', async (t) => {
  let memory: AlarmMemory = noAlarms;
  const told: string[] = [];
  const look = (nowMs: number, celsius: number): number => {
    const observed = { ...well, vitals: { ...well.vitals, temperatureCelsius: celsius } };
    const step = lookForAlarms(memory, observed, nowMs);
    memory = step.memory;
    told.push(...step.started.map(({ code }) => `+${code}`), ...step.ended.map(({ code }) => `-${code}`));
    return step.alarms.length;
  };
  t.equal(look(0, 90), 0, 'not yet');
  look(10_000, 84);
  t.equal(look(15_000, 90), 0, 'begins anew after a dip');
  t.equal(look(30_000, 90), 1);
  t.equal(look(31_000, 82), 1, 'harder to leave than to reach');
  t.equal(look(40_000, 79), 1, 'right, but not for long enough');
  t.equal(look(50_000, 81), 1);
  t.equal(look(81_000, 79), 0);
  t.same(told, ['+temperature_high', '-temperature_high']);
});

t.test('errors come before warnings, cameras and outputs are told apart', async (t) => {
  const observed: Observation = {
    ...well,
    clockOffsetMs: 1e6,
    cameras: ['a', 'b'].map((id) => camera({ id, state: 'frozen' })),
    outputs: ['x', 'y'].map((name) => ({ name, failedInARow: 9 })),
  };
  const { alarms } = lookForAlarms(noAlarms, observed, 0);
  t.same(
    alarms.map(({ code, cameraId }) => `${code} ${cameraId ?? ''}`),
    ['capture_frozen a', 'capture_frozen b', 'output_failed ', 'output_failed ', 'clock_wrong '],
  );
  const gone = lookForAlarms(lookForAlarms(noAlarms, observed, 0).memory, well, 60_000);
  t.equal(gone.ended.length, 5);
  t.equal(gone.memory.size, 0, 'nothing is remembered for ever');
});

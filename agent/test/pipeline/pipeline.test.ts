import {
  type FrameMessage,
  type LinesideError,
  PolicyConfig,
  type ReferenceEmbeddings,
} from '@lineside/shared';
import t, { type Test } from 'tap';
import Value from 'typebox/value';
import type { CapturedFrame } from '../../src/capture/source.js';
import { Statistics } from '../../src/health/statistics.js';
import { InferenceEngine } from '../../src/inference/engine.js';
import type { Pixels, ShadowVerdict } from '../../src/inference/model.js';
import { OrtBackend } from '../../src/inference/ort/ort-backend.js';
import type { DecisionEvent } from '../../src/outputs/decision-sink.js';
import { Pipeline } from '../../src/pipeline/pipeline.js';
import { BudgetKeeper } from '../../src/policy/budget/budget-keeper.js';
import { problemWords } from '../../src/policy/image/camera-health.js';
import { seededRandom } from '../../src/policy/random.js';
import { folderOf } from '../helpers/folder.js';
import { plain, tinyPackage } from '../helpers/tiny-model.js';
import { until } from '../helpers/until.js';
import { part, scaled } from '../policy/pictures.js';

interface Bench {
  pipeline: Pipeline;
  statistics: Statistics;
  events: DecisionEvent[];
  stored: FrameMessage[];
  errors: LinesideError[];
  /** What the challenger says of the next frames. */
  shadow: { compare(): Promise<ShadowVerdict | null> };
  frozen: boolean;
  /** Makes a frame a second after the last and takes it through. */
  see(pixels: Pixels, more?: Partial<CapturedFrame>, keep?: boolean): Promise<void>;
}

async function bench(
  test: Test,
  policy: Record<string, unknown>,
  options: { threshold?: number; reference?: ReferenceEmbeddings; withoutModel?: boolean } = {},
): Promise<Bench> {
  const dir = folderOf(test);
  const settings = Value.Default(PolicyConfig, policy) as PolicyConfig;
  const ort = new OrtBackend({ threads: 1, executionProvider: 'cpu' });
  const engine = new InferenceEngine(
    { primary: ort, fallback: null, shadow: ort },
    { onFault: (error) => test.fail(error.message) },
  );
  test.teardown(() => engine.stop());
  if (!options.withoutModel) await engine.swap(await tinyPackage(dir, options));
  const statistics = new Statistics();
  let seconds = 0;
  const made: Bench = {
    statistics,
    events: [],
    stored: [],
    errors: [],
    shadow: { compare: () => Promise.resolve(null) },
    frozen: false,
    pipeline: new Pipeline({
      deviceId: 'box',
      engine,
      shadow: { compare: () => made.shadow.compare() },
      spool: { put: async (frame) => void made.stored.push(frame) },
      budget: await BudgetKeeper.open({
        stateDir: dir,
        random: seededRandom(1),
        onError: (error) => test.fail(error.message),
        monotonicMs: () => seconds * 1000,
      }),
      sinks: [{ emit: (event) => void made.events.push(event), close: async () => {} }],
      statistics,
      random: seededRandom(settings.auditSeed ?? 1),
      policy: () => settings,
      isFrozen: () => made.frozen,
      onError: (error) => made.errors.push(error),
      monotonicMs: () => seconds * 1000 + 12,
    }),
    see(pixels, more = {}, keep = false) {
      seconds += 1;
      const frame: CapturedFrame = {
        cameraId: 'cam',
        sequence: seconds,
        capturedAt: 1e12 + seconds * 1000,
        capturedAtMonotonicMs: seconds * 1000,
        ...pixels,
        ...more,
      };
      return made.pipeline.process(frame, keep);
    },
  };
  return made;
}

const kindsOf = (frame: FrameMessage | undefined) => frame?.reasons.map(({ kind }) => kind);
const quiet = { auditShare: 0, imageHealth: { enabled: false } };
/** Of this brightness the tiny model is not sure. */
const unsure = (): Pixels => scaled(plain(126, 64, 48), 1);

t.test('a sure decision goes to the outputs and nowhere else', async (t) => {
  const { see, events, stored, statistics } = await bench(t, quiet);
  await see(plain(250, 64, 48));
  t.match(events, [{ decision: { classId: 'bright', accepted: true, latencyMs: 12 }, reasons: [] }]);
  t.same(stored, []);
  t.match(statistics.camera('cam'), { decided: 1, accepted: 1, flagged: 0 });
  t.match(statistics.stages('cam'), { inferred: { at: Number }, decided: { at: Number } });
});

t.test('which frames are audited is drawn before anything is known of them', async (t) => {
  const audited = async (pixels: (i: number) => Pixels) => {
    const { see, stored } = await bench(t, { ...quiet, auditShare: 0.3, auditSeed: 11 });
    for (let i = 0; i < 40; i++) await see(pixels(i));
    return stored.filter((frame) => kindsOf(frame)?.includes('audit')).map(({ sequence }) => sequence);
  };
  const random = seededRandom(11);
  const drawn = Array.from({ length: 40 }, (_, i) => (random() < 0.3 ? i + 1 : 0)).filter(Boolean);
  t.same(await audited(() => plain(250)), drawn);
  t.same(await audited((i) => (i % 2 ? unsure() : plain(0))), drawn);
});

t.test(
  'a frame that looks like the last one is sent once; audit, request and worse ones always',
  async (t) => {
    const { see, stored, statistics, pipeline } = await bench(t, quiet);
    for (let i = 0; i < 5; i++) await see(unsure());
    t.equal(stored.length, 1);
    t.match(statistics.camera('cam'), { flagged: 5, duplicates: 4, overBudget: 0 });
    pipeline.requestNext('cam');
    await see(unsure());
    t.same(kindsOf(stored[1]), ['requested', 'low_confidence']);
    await see(plain(130, 64, 48));
    t.match(stored[2]?.decision, { classId: 'bright' }, 'another class is news');
    for (let i = 0; i < 10; i++) await see(unsure());
    t.equal(stored.length, 4, 'after the window it is sent again');
    for (let i = 0; i < 3; i++) await see(unsure(), {}, true);
    t.equal(stored.length, 7, 'the frames of a folder are each there on purpose');
  },
);

t.test('when the budget is spent frames stay, and are counted', async (t) => {
  const budget = { framesPerHour: 10, auditReserve: 0.4 };
  const { see, stored, statistics } = await bench(t, {
    ...quiet,
    auditShare: 0.5,
    duplicates: { windowMs: 0 },
    budget,
  });
  for (let i = 0; i < 200; i++) await see(unsure());
  const audits = stored.filter((frame) => kindsOf(frame)?.includes('audit'));
  t.ok(stored.length <= 10 && audits.length <= 4, `${audits.length} of ${stored.length} are audit samples`);
  const { flagged, overBudget } = statistics.camera('cam');
  t.equal(flagged, 200);
  t.equal(overBudget, 200 - stored.length);
});

t.test('what the challenger says comes after the decision and adds a reason', async (t) => {
  const made = await bench(t, quiet);
  let answer: (verdict: ShadowVerdict | null) => void = () => {};
  made.shadow = {
    compare: () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  };
  await made.see(plain(250, 64, 48));
  t.equal(made.events.length, 1, 'the decision is out, and the lane free, while the challenger thinks');
  t.same(made.stored, []);
  answer({ agreed: false, version: 'v9', classId: 'dark', confidence: 0.8 });
  await made.pipeline.idle();
  t.match(made.stored, [
    {
      reasons: [{ kind: 'disagreement', detail: 'v9: dark, confidence 0.80' }],
      decision: { classId: 'bright' },
    },
  ]);
  await made.see(plain(250, 64, 48));
  answer({ agreed: true, version: 'v9', classId: 'bright', confidence: 0.8 });
  await made.pipeline.idle();
  t.equal(made.stored.length, 1, 'agreement is no news');
  const waited = made.see(plain(0, 64, 48), {}, true);
  await until('the decision', () => made.events.length === 3);
  answer(null);
  await waited;
  t.same(made.errors, []);
});

t.test('the picture itself is looked at now and then, and what is wrong is shown', async (t) => {
  const made = await bench(t, { auditShare: 0, marginBelow: 0 }, { threshold: 0 });
  t.equal(made.pipeline.imageHealth('cam'), null);
  for (let i = 0; i < 4; i++) await made.see(part(i));
  t.match(made.pipeline.imageHealth('cam'), { problems: [] });
  for (let i = 4; i < 20; i++) await made.see(scaled(part(i), 0.05));
  t.same(made.stored.map(kindsOf), [['image_dark']], 'told once');
  t.match(made.pipeline.imageHealth('cam')?.problems, [{ kind: 'image_dark' }]);
  t.match(made.stored[0]?.reasons[0]?.detail, /mean luma \d+ of 255/);
  t.same(problemWords(made.pipeline.imageHealth('cam')), ['dark']);
  made.frozen = true;
  await made.see(scaled(part(20), 0.05));
  t.same(kindsOf(made.stored[1]), ['image_frozen']);
  await made.see(plain(0, 64, 48), { cameraId: 'folder' }, true);
  t.equal(made.pipeline.imageHealth('folder'), null, 'a folder has no lens');
});

const bytes = (values: number[]): Uint8Array => {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  for (const [at, value] of values.entries()) view.setFloat32(at * 4, value, true);
  return new Uint8Array(view.buffer);
};

t.test('a frame unlike what the model learnt is novel, however sure the model is', async (t) => {
  const reference: ReferenceEmbeddings = {
    v: 1,
    space: 'mean-rgb',
    dimensions: 3,
    count: 1,
    mean: bytes([0.9, 0.03, 0.03]),
    scale: bytes([0.05, 0.05, 0.05]),
    vectors: bytes([0, 0, 0]),
    neighbours: 1,
    threshold: 1.5,
  };
  const { see, stored, events } = await bench(t, quiet, { reference });
  await see(plain(230, 64, 48));
  // The reference is read beside the first frames.
  await until('a novel frame', async () => {
    await see(plain(0, 64, 48));
    return stored.length > 0;
  });
  t.match(events.at(-1), { decision: { accepted: true }, reasons: ['novel'] });
  const before = stored.length;
  await see(plain(231, 64, 48));
  t.equal(stored.length, before);
});

t.test(
  'without a model every frame says so, and a disk that fails is waited for if the source waits',
  async (t) => {
    const made = await bench(t, quiet, { withoutModel: true });
    await made.see(plain(9, 64, 48));
    t.match(made.stored, [{ reasons: [{ kind: 'no_model' }] }]);
    t.match(made.events, [{ decision: null, reasons: ['no_model'] }]);
  },
);

import { PolicyConfig } from '@lineside/shared';
import t from 'tap';
import Value from 'typebox/value';
import type { Pixels } from '../../src/inference/model.js';
import { CameraHealth } from '../../src/policy/image/camera-health.js';
import { RunningQuantiles } from '../../src/policy/image/running-quantiles.js';
import { Symptom } from '../../src/policy/image/symptom.js';
import { seededRandom } from '../../src/policy/random.js';
import { blurred, moved, noisy, part as partOfSize, scaled } from './pictures.js';

const policy = Value.Default(PolicyConfig, {}) as PolicyConfig;
const settings = policy.imageHealth;

const part = (sequence: number, variant = 0) => partOfSize(sequence, variant, 192, 144);

/** A camera that is looked at once a second. */
class Watched {
  readonly health = new CameraHealth();
  readonly told: string[] = [];
  seconds = 0;

  look(pixels: Pixels, frozen = false, own = settings): void {
    this.seconds += 1;
    const nowMs = this.seconds * 1000;
    for (const { kind } of this.health.look(pixels, frozen, nowMs, 1e12 + nowMs, own)) this.told.push(kind);
  }

  get problems(): string[] {
    return (this.health.present?.problems ?? []).map(({ kind }) => kind);
  }
}

/** Enough parts for sharpness and view to be learnt. */
function healthyCamera(variant = 0): Watched {
  const camera = new Watched();
  for (let i = 0; i < 60; i++) camera.look(part(i % 40, variant));
  return camera;
}

t.test('a line that runs as usual has nothing to tell, whatever the surface', async (t) => {
  for (const variant of [0, 1, 2]) {
    const camera = new Watched();
    for (let i = 0; i < 120; i++) camera.look(part(i % 60, variant));
    t.same(camera.told, [], `station ${variant}`);
    t.match(camera.health.present, { problems: [], checkedAt: 1e12 + 120_000 });
    t.ok((camera.health.present?.sharpnessLimit ?? 0) > 0, 'sharpness is learnt');
    t.equal(camera.health.present?.shift, 0);
  }
});

t.test('each thing that goes wrong is told once, is shown while it lasts, and ends', async (t) => {
  const cases: [string, (pixels: Pixels) => Pixels][] = [
    ['image_dark', (pixels) => scaled(pixels, 0.06)],
    ['image_bright', (pixels) => scaled(pixels, 1, 230)],
    ['image_covered', (pixels) => scaled(pixels, 0.005, 90)],
    ['image_blurry', (pixels) => blurred(pixels, 3)],
    ['image_moved', (pixels) => moved(pixels, 36, 6)],
  ];
  for (const [kind, spoil] of cases) {
    const camera = healthyCamera();
    for (let i = 40; i < 48; i++) camera.look(spoil(part(i)));
    t.same(camera.told, [kind], `${kind} is told once`);
    t.same(camera.problems, [kind]);
    const [problem] = camera.health.present?.problems ?? [];
    t.ok(problem && problem.score >= 0.5 && problem.score <= 1, `${kind}: ${problem?.detail}`);
    t.ok(problem && problem.since > 1e12 + 60_000 && problem.since < 1e12 + 70_000);
    for (let i = 48; i < 54; i++) camera.look(part(i));
    t.same(camera.problems, [], `${kind} is over`);
    t.same(camera.told, [kind]);
  }
});

t.test('another scene than the usual one is a moved camera', async (t) => {
  const camera = healthyCamera();
  const random = seededRandom(4);
  const wall: Pixels = { width: 192, height: 144, rgb: Buffer.alloc(192 * 144 * 3, 120) };
  for (let y = 0; y < 144; y++) {
    for (let x = 0; x < 192; x++) {
      const value = 120 + 60 * Math.sin(x / 9 + y / 31) * Math.cos(y / 6);
      wall.rgb.fill(value, 3 * (y * 192 + x), 3 * (y * 192 + x) + 3);
    }
  }
  for (let i = 0; i < 10; i++) camera.look(noisy(wall, random));
  t.ok(camera.told.includes('image_moved'));
  t.match(
    camera.health.present?.problems.find(({ kind }) => kind === 'image_moved')?.detail,
    /another scene/,
  );
});

t.test('the camera’s own word that it is frozen is passed on at once', async (t) => {
  const camera = new Watched();
  camera.look(part(1), true);
  t.same(camera.told, ['image_frozen']);
  camera.look(part(1), true);
  t.same([camera.told, camera.problems], [['image_frozen'], ['image_frozen']]);
  camera.look(part(2), false);
  t.same(camera.problems, []);
});

t.test(
  'a limit of blur that is set needs no learning; a camera that may move is not watched for it',
  async (t) => {
    const own = { ...settings, blurryBelow: 1e6, movedAbove: 1 };
    const camera = new Watched();
    for (let i = 0; i < 3; i++) camera.look(part(i), false, own);
    t.same(camera.problems, ['image_blurry']);
    t.equal(camera.health.present?.shift, null);
  },
);

t.test('it looks now and then, and not at all when switched off', async (t) => {
  const health = new CameraHealth();
  t.ok(health.isDue(0, settings));
  health.look(part(1), false, 0, 0, settings);
  t.notOk(health.isDue(999, settings));
  t.ok(health.isDue(1000, settings));
  t.notOk(health.isDue(5000, { ...settings, enabled: false }));
});

t.test('a symptom that flickers is told once; one that stays, seldom', async (t) => {
  const symptom = new Symptom({ confirmedAfter: 2, goneAfter: 3, repeatMs: 1000 });
  const told: number[] = [];
  for (let nowMs = 0; nowMs < 3000; nowMs += 10) {
    if (symptom.look((nowMs / 10) % 3 === 2 ? 'absent' : 'present', nowMs)) told.push(nowMs);
  }
  t.same(told, [10, 1010, 2010]);
  for (const nowMs of [3000, 3010, 3020]) symptom.look('absent', nowMs);
  t.equal(symptom.sinceMs, null);
  t.equal(symptom.look('present', 3030), false, 'one look does not make a symptom');
  t.equal(symptom.look('unclear', 3040), false);
  t.equal(symptom.look('present', 3050), false);
});

t.test('what is usual is learnt in constant memory and follows slowly', async (t) => {
  const random = seededRandom(9);
  const quantiles = new RunningQuantiles();
  for (let i = 0; i < 29; i++) quantiles.add(random());
  t.equal(quantiles.usual, null);
  for (let i = 0; i < 20_000; i++) quantiles.add(random());
  const { low, median } = quantiles.usual ?? { low: 0, median: 0 };
  t.ok(Math.abs(low - 0.05) < 0.02 && Math.abs(median - 0.5) < 0.03, `${low}, ${median}`);
  for (let i = 0; i < 50; i++) quantiles.add(-1e9);
  t.ok((quantiles.usual?.low ?? 0) > -0.1, 'wild values move it by their number, not by their size');
});

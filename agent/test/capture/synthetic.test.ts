import type { LinesideError, SyntheticSourceConfig } from '@lineside/shared';
import t from 'tap';
import type { CapturedFrame } from '../../src/capture/source.js';
import { drawPart } from '../../src/capture/synthetic/line.js';
import { type PartClass, partClasses, renderPart } from '../../src/capture/synthetic/render-part.js';
import { SyntheticSource } from '../../src/capture/synthetic/synthetic-source.js';
import { until } from '../helpers/until.js';

t.test('the same options draw the same pixels, other ones draw others', async (t) => {
  const base = { seed: 5, defect: 'dent', variant: 1 } as const;
  const { rgb, width, height, classId } = renderPart(base);
  t.same([width, height, rgb.length, classId], [320, 240, 320 * 240 * 3, 'dent']);
  t.ok(renderPart(base).rgb.equals(rgb));
  for (const change of [{ seed: 6 }, { variant: 2 }, { defect: 'good' as const }, { difficulty: 1 }]) {
    t.notOk(renderPart({ ...base, ...change }).rgb.equals(rgb), JSON.stringify(change));
  }
  t.equal(renderPart({ ...base, width: 101, height: 77 }).rgb.length, 101 * 77 * 3);
});

/** Pixels of the green channel that differ by more than what the eye lets pass. */
function differing(seed: number, defect: PartClass, difficulty: number): number {
  const options = { seed, variant: seed % 4, difficulty, width: 320, height: 240 };
  const good = renderPart({ ...options, defect: 'good' }).rgb;
  const bad = renderPart({ ...options, defect }).rgb;
  let count = 0;
  for (let i = 1; i < good.length; i += 3) if (Math.abs((good[i] ?? 0) - (bad[i] ?? 0)) > 8) count += 1;
  return count;
}

t.test('every defect leaves a trace, and a difficult one a fainter trace', async (t) => {
  for (const defect of partClasses.filter((name) => name !== 'good')) {
    let plain = 0;
    let hard = 0;
    for (let seed = 0; seed < 8; seed++) {
      const here = differing(seed, defect, 0.3);
      t.ok(here >= 20, `${defect} ${seed}: ${here} pixels`);
      plain += here;
      hard += differing(seed, defect, 1);
    }
    if (defect !== 'missing_hole') t.ok(hard < plain, `${defect}: ${hard} < ${plain}`);
  }
});

t.test('the line has the share of defects that was asked for, all kinds of them', async (t) => {
  const drawn = Array.from({ length: 2000 }, (_, sequence) =>
    drawPart({ seed: 3, sequence, defectShare: 0.3 }),
  );
  const defective = drawn.filter(({ defect }) => defect !== 'good').length;
  t.ok(Math.abs(defective / drawn.length - 0.3) < 0.05, `${defective} of ${drawn.length}`);
  t.equal(new Set(drawn.map(({ defect }) => defect)).size, partClasses.length);
  t.ok(new Set(drawn.map(({ partSeed }) => partSeed)).size > 1990);
});

t.test(
  'the source shows the line at its rate, ends, and keeps the truth to itself unless told',
  async (t) => {
    const play = async (more: Partial<SyntheticSourceConfig>): Promise<CapturedFrame[]> => {
      const frames: CapturedFrame[] = [];
      const errors: LinesideError[] = [];
      let ended = false;
      const source = new SyntheticSource('cam', {
        kind: 'synthetic',
        seed: 2,
        variant: 0,
        defectShare: 0.5,
        difficulty: 0.5,
        framesPerSecond: 500,
        count: 6,
        width: 64,
        height: 48,
        revealTruth: false,
        ...more,
      });
      t.teardown(() => source.stop());
      await source.start({
        async onFrame(frame) {
          frames.push(frame);
        },
        onEnd() {
          ended = true;
        },
        onError: (error) => errors.push(error),
        onState() {},
      });
      await until('the end of the line', () => ended);
      t.same(errors, []);
      return frames;
    };
    const hidden = await play({});
    t.same(
      hidden.map((frame) => frame.sequence),
      [0, 1, 2, 3, 4, 5],
    );
    t.ok(hidden.every((frame) => frame.metadata === undefined));
    const names = partClasses.filter((name) => name !== 'good');
    t.ok(hidden.every((frame) => !names.some((name) => `${frame.source}${frame.group}`.includes(name))));
    const revealed = await play({ revealTruth: true });
    for (const [sequence, frame] of revealed.entries()) {
      t.equal(frame.metadata?.truth, drawPart({ seed: 2, sequence, defectShare: 0.5 }).defect);
      t.ok(frame.rgb.equals(hidden[sequence]?.rgb ?? Buffer.alloc(0)), 'the same picture either way');
    }
  },
);

import { join } from 'node:path';
import { acceptThreshold } from '@lineside/fleet-server/learning/accept-threshold';
import { ensureDefaultBackbone } from '@lineside/fleet-server/learning/backbone/default-backbone';
import { softmaxRows } from '@lineside/fleet-server/learning/calibrate';
import { argmax } from '@lineside/fleet-server/learning/head/cross-validate';
import { fitHead } from '@lineside/fleet-server/learning/head/fit-head';
import { scoreEmbeddings } from '@lineside/fleet-server/learning/rescore';
import { binomialAtMost } from '@lineside/fleet-server/learning/statistics/binomial';
import { type Bench, type BenchContext, type BenchResult, rounded } from '../report.js';
import { embedded, folderOf, holdOut } from './labelled-sets.js';

/** At which a split counts against the promise. */
const level = 0.01;

/** Probability of so many wrong or more, were the share of wrong ones exactly alpha. */
const atLeast = (wrong: number, n: number, alpha: number): number =>
  wrong === 0 ? 1 : 1 - binomialAtMost(wrong - 1, n, alpha);

/** Trains the head on 70 % of the groups, sets the threshold, and counts what it accepts wrongly of the others. */
async function run(context: BenchContext): Promise<BenchResult> {
  const folder = await folderOf(context);
  const splits = Number(context.options.seeds ?? 20);
  const alpha = Number(context.options.alpha ?? 0.05);
  const cacheDir = join(context.workDir, 'features');
  const backbone = await ensureDefaultBackbone(context.workDir);
  const totals = { accepted: 0, wrong: 0, shown: 0, silent: 0, above: 0, refuted: 0 };
  for (let seed = 1; seed <= splits; seed++) {
    const { pool, heldOut } = holdOut(folder, seed);
    const { rows } = await embedded(folder, pool, backbone, cacheDir);
    const { head, validation } = await fitHead(rows, seed);
    const answers = softmaxRows(validation.logits, rows.classes, head.temperature);
    const calibrated = judged(answers, rows.labels, rows.classes);
    const { threshold, n } = acceptThreshold(calibrated.confidences, calibrated.correct, rows.groups, alpha);
    const shown = (await embedded(folder, heldOut, backbone, cacheDir)).rows;
    const { confidences, correct } = judged(
      scoreEmbeddings(shown.features, head),
      shown.labels,
      shown.classes,
    );
    const accepted = correct.filter((_, row) => (confidences[row] as number) >= threshold);
    const wrong = accepted.filter((each) => !each).length;
    totals.accepted += accepted.length;
    totals.wrong += wrong;
    totals.shown += correct.length;
    if (accepted.length === 0) totals.silent++;
    if (wrong > alpha * accepted.length) totals.above++;
    if (atLeast(wrong, accepted.length, alpha) < level) totals.refuted++;
    context.say(
      `split ${seed}: ${n} calibrated, threshold ${threshold.toFixed(3)}, ` +
        `${accepted.length} of ${correct.length} accepted, ${wrong} wrong`,
    );
  }
  return {
    figures: {
      splits,
      acceptedShare: rounded(totals.accepted / totals.shown),
      errorShareOfAccepted: rounded(totals.accepted > 0 ? totals.wrong / totals.accepted : 0),
      acceptedFrames: totals.accepted,
      wrongFrames: totals.wrong,
      splitsThatAcceptNothing: totals.silent,
      splitsAbovePromise: totals.above,
      splitsAbovePromiseBeyondChance: totals.refuted,
    },
    references: { promisedErrorShare: alpha },
    ratios: { errorToPromise: rounded(totals.accepted > 0 ? totals.wrong / totals.accepted / alpha : 0) },
    skipped: [],
    ok: true,
  };
}

function judged(probabilities: ArrayLike<number>, labels: Int32Array, classes: number) {
  const predicted = Array.from(labels, (_, row) => argmax(probabilities, row * classes, classes));
  return {
    confidences: predicted.map((best, row) => probabilities[row * classes + best] as number),
    correct: predicted.map((best, row) => best === labels[row]),
  };
}

export const promiseBench: Bench = {
  summary:
    'error share among frames accepted alone against the promised one, over random splits of --data DIR',
  run,
};

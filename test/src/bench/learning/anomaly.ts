import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { trainAnomaly } from '@lineside/fleet-server/learning/anomaly/train-anomaly';
import { ensureDefaultBackbone } from '@lineside/fleet-server/learning/backbone/default-backbone';
import { type Bench, type BenchContext, type BenchResult, rounded } from '../report.js';
import { folderOf, hashed, holdOut, meanAndDeviation } from './labelled-sets.js';

const threads = 2;

interface Measured {
  auroc: number[];
  meanColourAuroc: number[];
  goodFlaggedShare: number[];
  othersFlaggedShare: number[];
  goodFrames: number[];
  goodGroups: number[];
}

/** Trains on the good groups that the seed does not hold out, and measures as the training report does. */
async function run(context: BenchContext): Promise<BenchResult> {
  const folder = await folderOf(context);
  const good = context.options.good ?? '';
  if (!folder.classNames.includes(good)) {
    throw new Error(`--good CLASS is needed, one of ${folder.classNames.join(', ')}`);
  }
  const seeds = Number(context.options.seeds ?? 3);
  const alpha = Number(context.options.alpha ?? 0.05);
  const pictures = await hashed(folder.pictures);
  const backbone = await ensureDefaultBackbone(context.workDir);
  const measured: Measured = {
    ...{ auroc: [], meanColourAuroc: [], goodFlaggedShare: [], othersFlaggedShare: [] },
    ...{ goodFrames: [], goodGroups: [] },
  };
  for (let seed = 1; seed <= seeds; seed++) {
    const heldOut = new Set(holdOut(folder, seed).heldOut.map(({ path }) => path));
    const outputDir = await mkdtemp(join(context.workDir, 'anomaly-'));
    const { report } = await trainAnomaly({
      ...{ backbone, outputDir, goodClass: { id: good, name: good }, options: { alpha, threads, seed } },
      frames: pictures.map(({ path, sha256, className, group }, at) => ({
        ...{ frameId: String(at), sha256, path, classId: className, group },
        split: heldOut.has(path) ? ('test' as const) : ('train' as const),
      })),
    });
    await rm(outputDir, { recursive: true });
    const { auroc, meanColourAuroc, frames, limit } = report;
    if (auroc === null || meanColourAuroc === null)
      throw new Error('no frame of another class to measure with');
    measured.auroc.push(auroc);
    measured.meanColourAuroc.push(meanColourAuroc);
    measured.goodFrames.push(frames.good);
    measured.goodGroups.push(frames.groups);
    // Without a limit everything is flagged, which says nothing of the model.
    if (limit.score !== null) {
      measured.goodFlaggedShare.push(report.heldOutFlagged.value ?? 0);
      measured.othersFlaggedShare.push(report.othersFlagged.value ?? 0);
    }
    context.say(
      `seed ${seed}: ${frames.good} good frames of ${frames.groups} groups, ` +
        `AUROC ${auroc.toFixed(3)}, mean colour ${meanColourAuroc.toFixed(3)}`,
    );
  }
  return resultOf(measured, alpha);
}

function resultOf(measured: Measured, alpha: number): BenchResult {
  const table = (keys: readonly (keyof Measured)[]) =>
    Object.fromEntries(
      keys.flatMap((key) => {
        if (measured[key].length === 0) return [];
        const { mean, deviation } = meanAndDeviation(measured[key]);
        return [
          [`${key}Mean`, rounded(mean)],
          [`${key}Deviation`, rounded(deviation)],
        ];
      }),
    );
  const { auroc, meanColourAuroc } = measured;
  return {
    figures: {
      ...{ seeds: auroc.length, seedsWithoutLimit: auroc.length - measured.goodFlaggedShare.length },
      ...table(['auroc', 'goodFlaggedShare', 'othersFlaggedShare', 'goodFrames', 'goodGroups']),
    },
    references: { ...table(['meanColourAuroc']), promisedGoodFlaggedShare: alpha },
    ratios: {
      aurocToMeanColour: rounded(meanAndDeviation(auroc).mean / meanAndDeviation(meanColourAuroc).mean),
    },
    skipped: [],
    ok: true,
  };
}

export const anomalyBench: Bench = {
  summary:
    'AUROC of the anomaly model from the frames of --good CLASS alone, on --data DIR, beside mean colour',
  run,
};

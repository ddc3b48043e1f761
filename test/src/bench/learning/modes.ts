import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Backbone,
  ensureDefaultBackbone,
} from '@lineside/fleet-server/learning/backbone/default-backbone';
import { loadAgain } from '@lineside/fleet-server/learning/features';
import { defaultAugmentation } from '@lineside/fleet-server/learning/finetune/augment';
import { fitHead } from '@lineside/fleet-server/learning/head/fit-head';
import type { Head } from '@lineside/fleet-server/learning/head/head';
import { classificationMetrics } from '@lineside/fleet-server/learning/metrics';
import { scoreEmbeddings } from '@lineside/fleet-server/learning/rescore';
import { tune } from '@lineside/fleet-server/learning/tuning/tune';
import type { ImageFolder, Picture } from '../../eval/dataset.js';
import { type Bench, type BenchContext, type BenchResult, rounded } from '../report.js';
import {
  drawPerClass,
  embedded,
  folderOf,
  holdOut,
  type LabelledSet,
  listOption,
  meanAndDeviation,
} from './labelled-sets.js';

const memoryBytes = 6 * 2 ** 30;

interface Problem {
  readonly folder: ImageFolder;
  readonly labelled: LabelledSet;
  readonly heldOut: readonly Picture[];
  readonly backbone: Backbone;
  readonly cacheDir: string;
  readonly workDir: string;
  readonly seed: number;
  readonly threads: number;
}

/** Balanced accuracy by mode; `auto` is what a run that is told nothing would have shipped. */
async function balancedAccuracies(
  problem: Problem,
  modes: readonly string[],
  say: (line: string) => void,
): Promise<Record<string, number>> {
  const { folder, labelled, heldOut, backbone, cacheDir, seed, threads } = problem;
  const judge = async (on: Backbone, head: Head, cache?: string): Promise<number> => {
    const { rows } = await embedded(folder, heldOut, on, cache);
    const probabilities = scoreEmbeddings(rows.features, head);
    return classificationMetrics(probabilities, rows.labels, folder.classNames).balancedAccuracy.value ?? 0;
  };
  const fit = await fitHead(labelled.rows, seed);
  const found: Record<string, number> = { head: await judge(backbone, fit.head, cacheDir) };
  for (const mode of ['tail', 'whole'] as const) {
    if (!modes.includes(mode)) continue;
    const outputDir = await mkdtemp(join(problem.workDir, `${mode}-`));
    const loadRow = (row: number) => loadAgain((labelled.pictures[row] as Picture).path);
    const { tuned, report } = await tune(
      {
        ...{ mode, backbone, fit, outputDir, loadRow, memoryBytes, threads, seed },
        rows: labelled.rows,
        augmentation: defaultAugmentation,
      },
      {},
    );
    const { gain, gainError } = report;
    say(`${mode}: validation shows a gain in log-loss of ${gain.toFixed(3)} ± ${gainError.toFixed(3)}`);
    const head = found.head as number;
    const value = tuned ? await judge(tuned.backbone, tuned.head) : head;
    found[mode] = value;
    if (mode === 'tail') found.auto = gain > gainError ? value : head;
    await rm(outputDir, { recursive: true });
  }
  return found;
}

/** The same held-out groups for every mode and number of labels of a seed. */
async function run(context: BenchContext): Promise<BenchResult> {
  const folder = await folderOf(context);
  const modes = listOption(context, 'modes', 'head,tail');
  const counts = listOption(context, 'per-class', '5,10,20,all');
  const seeds = Number(context.options.seeds ?? 5);
  const firstSeed = Number(context.options['first-seed'] ?? 1);
  const threads = Number(context.options.threads ?? 2);
  const { workDir } = context;
  const cacheDir = join(workDir, 'features');
  const backbone = await ensureDefaultBackbone(workDir);
  const measured = new Map<string, number[]>();
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const { pool, heldOut } = holdOut(folder, seed);
    for (const count of counts) {
      const drawn = drawPerClass(pool, count === 'all' ? Number.POSITIVE_INFINITY : Number(count), seed);
      const labelled = await embedded(folder, drawn, backbone, cacheDir);
      const problem = { folder, labelled, heldOut, backbone, cacheDir, workDir, seed, threads };
      const found = await balancedAccuracies(problem, modes, context.say);
      for (const [mode, value] of Object.entries(found)) {
        const key = `${mode}At${count[0]?.toUpperCase()}${count.slice(1)}`;
        measured.set(key, [...(measured.get(key) ?? []), value]);
      }
      const said = Object.entries(found).map(([mode, value]) => `${mode} ${value.toFixed(3)}`);
      context.say(`seed ${seed}, ${count} a class (${drawn.length}): ${said.join(', ')}`);
    }
  }
  const result: BenchResult = { figures: {}, references: {}, ratios: {}, skipped: [], ok: true };
  for (const [key, values] of measured) {
    const { mean, deviation } = meanAndDeviation(values);
    const table = key.startsWith('head') ? result.references : result.figures;
    table[`${key}BalancedAccuracyMean`] = rounded(mean);
    table[`${key}BalancedAccuracyDeviation`] = rounded(deviation);
    const reference = measured.get(key.replace(/^[a-z]+/, 'head'));
    if (!reference || table === result.references) continue;
    const gains = meanAndDeviation(values.map((value, at) => value - (reference[at] as number)));
    result.figures[`${key}GainOverHeadMean`] = rounded(gains.mean);
    result.figures[`${key}GainOverHeadDeviation`] = rounded(gains.deviation);
    result.ratios[`${key}ToHead`] = rounded(mean / meanAndDeviation(reference).mean);
  }
  return result;
}

export const modesBench: Bench = {
  summary: 'balanced accuracy by head, tail, whole net and automatic choice at few labels, on --data DIR',
  run,
};

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { localLauncher } from '@lineside/fleet-server/launchers/local';
import {
  type Backbone,
  ensureDefaultBackbone,
} from '@lineside/fleet-server/learning/backbone/default-backbone';
import { composeFeatureExtractor } from '@lineside/fleet-server/learning/compose';
import type { TrainInput, TrainingFrame } from '@lineside/fleet-server/learning/jobs/training';
import { openImageModel } from '@lineside/fleet-server/learning/onnx/session';
import { type LearningJobOptions, runLearningJob } from '@lineside/fleet-server/learning/worker-client';
import type { TrainingProgress } from '@lineside/fleet-server/learning/worker-protocol';
import { decodePicture } from '@lineside/shared/pictures/decode-picture';
import sharp from 'sharp';
import { peakMemory } from '../../system/processes.js';
import { drawSurface, pictureClasses } from '../int8/pictures.js';
import { median } from '../percentile.js';
import { type Bench, type BenchContext, type BenchResult, rounded } from '../report.js';

const pictures = 1000;
const size = 224;
const threads = 2;
/** Of the pictures, that judge the model. */
const testShare = 0.2;
const referencePictures = 200;
/** Of PyTorch, that are timed. */
const torchSteps = 20;

const modes = ['head', 'tail'] as const;
type Mode = (typeof modes)[number];

/** Debian's, which `npm run setup:system -- --with-torch` installs for. */
const python = '/usr/bin/python3';

function torchIsThere(): boolean {
  try {
    execFileSync(python, ['-c', 'import torch, numpy, PIL'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const runTorch: LearningJobOptions['runTorch'] = (folder, onLine, signal) =>
  localLauncher(python).run(folder, { onLine, signal });

async function drawFrames(folder: string): Promise<TrainingFrame[]> {
  await mkdir(folder);
  const frames: TrainingFrame[] = [];
  for (let at = 0; at < pictures; at++) {
    const label = at % pictureClasses;
    const { rgb } = drawSurface(label, at, size);
    const raw = { width: size, height: size, channels: 3 as const };
    const bytes = await sharp(rgb, { raw }).jpeg({ quality: 90 }).toBuffer();
    const path = join(folder, `${at}.jpg`);
    await writeFile(path, bytes);
    frames.push({
      frameId: `frame-${at}`,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      path,
      classId: `class-${label}`,
      group: `group-${at}`,
      split: at < testShare * pictures ? 'test' : 'train',
    });
  }
  return frames;
}

/** Milliseconds to decode and embed one picture, with nothing around it. */
async function bareEmbeddingMs(frames: readonly TrainingFrame[], backbone: Backbone): Promise<number> {
  const extractor = await openImageModel(
    composeFeatureExtractor(await readFile(backbone.path), backbone),
    threads,
  );
  try {
    const started = performance.now();
    for (const { path } of frames.slice(0, referencePictures)) {
      await extractor.run(await decodePicture(await readFile(path)));
    }
    return (performance.now() - started) / referencePictures;
  } finally {
    await extractor.release();
  }
}

/** Milliseconds of a step by what a run reports: between two reports, so that what lies between epochs weighs nothing. */
function stepClock() {
  let last: { done: number; at: number } | undefined;
  const took: number[] = [];
  let steps = 0;
  return {
    see({ phase, done, message }: TrainingProgress) {
      // Pictures are prepared in the same phase.
      if (phase !== 'finetune' || !message.includes('epoch')) return;
      const at = performance.now();
      if (last && done > last.done) {
        took.push((at - last.at) / (done - last.done));
        steps += done - last.done;
      }
      last = { done, at };
    },
    steps: () => steps,
    medianMs: () => median(took),
  };
}

/** One run from picture files to the files of a package, in a process of its own, as the server starts it. */
async function trained(input: TrainInput) {
  let peak = 0;
  const clock = stepClock();
  let watching: NodeJS.Timeout | undefined;
  const started = performance.now();
  try {
    const { report, files } = await runLearningJob(
      { type: 'train', input },
      {
        onProgress: clock.see,
        onStart: (pid) => {
          watching = setInterval(async () => {
            peak = Math.max(peak, await peakMemory(pid).catch(() => 0));
          }, 100);
        },
      },
    );
    return {
      ...{ report, files, peak },
      seconds: (performance.now() - started) / 1000,
      stepMs: clock.medianMs(),
    };
  } finally {
    clearInterval(watching);
  }
}

/** A step by PyTorch; the run ends after enough of them. */
async function torchStepMs(input: TrainInput): Promise<number> {
  const enough = new AbortController();
  const clock = stepClock();
  const ran = runLearningJob(
    { type: 'train', input },
    {
      runTorch,
      signal: enough.signal,
      onProgress: (progress) => {
        clock.see(progress);
        if (clock.steps() >= torchSteps) enough.abort();
      },
    },
  );
  await ran.catch((error) => {
    if (!enough.signal.aborted) throw error;
  });
  return clock.medianMs();
}

async function run({ workDir, say }: BenchContext): Promise<BenchResult> {
  const frames = await drawFrames(join(workDir, 'pictures'));
  const backbone = await ensureDefaultBackbone(workDir);
  const classes = Array.from({ length: pictureClasses }, (_, k) => ({
    id: `class-${k}`,
    name: `class ${k}`,
  }));
  const embeddingSeconds = (pictures * (await bareEmbeddingMs(frames, backbone))) / 1000;
  say(`${pictures} pictures embedded by a bare loop take ${rounded(embeddingSeconds)} s`);
  const result: BenchResult = {
    figures: {},
    references: { bareEmbeddingSeconds: rounded(embeddingSeconds) },
    ratios: {},
    skipped: [],
    ok: true,
  };
  for (const mode of modes) {
    const { report, files, seconds, peak, stepMs } = await trained(inputFor(mode));
    const stages = Object.entries(report.seconds).map(([phase, took]) => `${phase} ${took.toFixed(1)}`);
    say(
      `${mode}: ${rounded(seconds)} s to a package with ${files.variants.length} variants, peak ` +
        `${Math.round(peak / 2 ** 20)} MB; balanced accuracy ${report.heldOut?.balancedAccuracy.value}; ` +
        `seconds: ${stages.join(', ')}`,
    );
    result.figures[`${mode}Seconds`] = rounded(seconds);
    result.figures[`${mode}PeakBytes`] = peak;
    result.figures[`${mode}VariantCount`] = files.variants.length;
    result.ratios[`${mode}ToBareEmbedding`] = rounded(seconds / embeddingSeconds);
    if (mode === 'tail') result.figures.tailStepMs = rounded(stepMs);
    result.ok &&= report.heldOut !== null;
  }
  await besideTorch(result);
  return result;

  /** The same tail by PyTorch, on the same pictures in the same batches. */
  async function besideTorch(result: BenchResult): Promise<void> {
    if (!torchIsThere()) {
      result.skipped.push('PyTorch beside the built-in trainer: npm run setup:system -- --with-torch');
      return;
    }
    const input = inputFor('tail');
    const options = { ...input.options, trainer: 'torch' as const };
    const stepMs = await torchStepMs({ ...input, options, outputDir: join(workDir, 'torch') });
    const own = result.figures.tailStepMs as number;
    result.references.torchTailStepMs = rounded(stepMs);
    result.ratios.tailStepToTorch = rounded(own / stepMs);
    say(`a step of the tail takes ${own} ms, by PyTorch ${rounded(stepMs)} ms`);
  }

  function inputFor(mode: Mode): TrainInput {
    return {
      frames,
      classes,
      backbone: { ...backbone },
      outputDir: join(workDir, mode),
      options: { alpha: 0.05, mode, memoryBytes: 2 ** 30, threads, seed: 1 },
    };
  }
}

export const trainBench: Bench = {
  summary:
    '1,000 pictures to a packaged, calibrated candidate with its variants, by head and by tail; peak memory; a step beside PyTorch',
  run,
};

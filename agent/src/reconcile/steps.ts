import { setTimeout as delay } from 'node:timers/promises';
import { LinesideError, type ModelTarget } from '@lineside/shared';
import type { ModelHost } from '../inference/model.js';
import type { Release, TrustedPackage } from '../update/package.js';
import type { Packages } from '../update/packages.js';
import type { Step } from './plan.js';
import { judge, type ProbationRule, type Vitals } from './probation.js';
import type { StateFile } from './state-file.js';
import { nextTrial, readBootId } from './trial.js';
import type { UpdateProgress } from './update-report.js';

/** What the steps work with. */
export interface StepContext {
  host: ModelHost;
  state: StateFile;
  packages: Packages;
  /** Deletes the packages that nobody needs any more. */
  collect: () => Promise<void>;
  probation: ProbationRule;
  /** null: nothing counts decisions, so the time alone decides. */
  vitals: (() => Vitals) | null;
  /** The plant holds updates. */
  held: () => boolean;
  /** The files of this package are whole. */
  verified: (model: ModelTarget) => void;
  /** Aborted when the desired model changes or the agent stops. */
  signal: AbortSignal;
  trusted: { get(model: ModelTarget): TrustedPackage | null; set(trusted: TrustedPackage): void };
  report(phase: UpdateProgress['phase'], model: ModelTarget, progress?: number): void;
  /** Reports a phase when a power cut will find it noted. */
  enter(phase: UpdateProgress['phase'], model: ModelTarget): Promise<void>;
}

/** Waiting is left to whoever goes through the steps. */
type Executable = Exclude<Step, { kind: 'wait' }>;

type Executors = {
  [K in Executable['kind']]: (step: Extract<Executable, { kind: K }>, context: StepContext) => Promise<void>;
};

export const executors: Executors = {
  async refuse({ code, message }) {
    throw new LinesideError(code, message);
  },

  async trust({ model }, context) {
    await context.enter('downloading', model);
    await context.packages.trust(model, context.signal, (trusted) => context.trusted.set(trusted));
    // Remains of updates that never were confirmed make room first.
    await context.collect();
  },

  async fetch({ model, file }, context) {
    const { packages, signal } = context;
    await packages.fetch(trustedOf(model, context), file, signal, (share) =>
      context.report('downloading', model, share),
    );
  },

  async verify({ model }, context) {
    await context.enter('verifying', model);
    await context.packages.verify(trustedOf(model, context));
    context.verified(model);
  },

  async swap({ model }, context) {
    await context.enter('verifying', model);
    const loaded = await context.packages.verify(trustedOf(model, context));
    // It may have begun meanwhile.
    if (context.held()) return context.verified(model);
    const { trial } = context.state.value;
    const bootId = await readBootId();
    // Durable before the model runs: one that takes the process down is not started for ever.
    await context.state.change({ trial: nextTrial(trial, model, bootId) });
    let entered = context.enter('self_testing', model);
    await entered;
    await context.host.swap(loaded, (phase) => {
      entered = entered.then(() => context.enter(phase, model));
    });
    await entered;
    await context.enter('active', model);
  },

  async confirm({ model }, context) {
    await passProbation(model, context);
    const { state } = context;
    const { confirmed } = state.value;
    const { variant = '', trial } = context.host.active() ?? {};
    const release: Release = { ...model, variant, ...(trial && { trial }) };
    const sameContent = confirmed?.manifestSha256 === release.manifestSha256;
    await state.change({
      confirmed: release,
      previous: sameContent ? state.value.previous : confirmed,
      highestCounter: Math.max(state.value.highestCounter, release.releaseCounter),
      install: null,
      trial: null,
      failure: null,
    });
    context.report('confirmed', model);
    await context.collect();
  },
};

function trustedOf(model: ModelTarget, { trusted }: StepContext): TrustedPackage {
  const found = trusted.get(model);
  if (!found) throw new LinesideError('artifact_untrusted', `${model.target}: not verified`);
  return found;
}

export const runStep = <S extends Executable>(step: S, context: StepContext): Promise<void> =>
  (executors[step.kind] as (step: S, context: StepContext) => Promise<void>)(step, context);

export const isModel = (
  one: { releaseCounter: number; manifestSha256: string },
  other: { releaseCounter: number; manifestSha256: string },
): boolean => one.releaseCounter === other.releaseCounter && one.manifestSha256 === other.manifestSha256;

async function passProbation(model: ModelTarget, context: StepContext): Promise<void> {
  const { probation, vitals, signal } = context;
  if (!vitals) {
    await hasDecided(context);
    await delay(probation.graceMs, undefined, { signal });
    return;
  }
  const start = performance.now();
  const before = vitals();
  for (;;) {
    const now = vitals();
    const verdict = judge(probation, performance.now() - start, before, now);
    if (verdict === 'confirm') return;
    if (verdict === 'roll_back') return rollBack(model, context);
    if (now.decided > before.decided) await hasDecided(context);
    await delay(Math.min(100, Math.max(5, probation.graceMs / 4)), undefined, { signal });
  }
}

async function hasDecided({ state }: StepContext): Promise<void> {
  const { trial } = state.value;
  if (trial && !trial.decided) await state.change({ trial: { ...trial, decided: true } });
}

async function rollBack(model: ModelTarget, context: StepContext): Promise<never> {
  const { confirmed } = context.state.value;
  const failed = `release ${model.releaseCounter} fails on the frames of this camera`;
  if (!confirmed) throw new LinesideError('inference_failed', `${failed}; there is no earlier model`);
  await context.host.swap(await context.packages.stored(confirmed));
  throw new LinesideError('inference_failed', `${failed}; release ${confirmed.releaseCounter} runs again`);
}
